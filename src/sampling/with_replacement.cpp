// Batches of B independent uniform samples, repeats allowed.

#include "builtin_laws.hpp"

namespace brink {
namespace {

class WithReplacement final : public BatchLaw {
 public:
  std::string_view name() const override { return "with-replacement"; }

  SecondMoment second_moment(Index samples, Index batch_size) const override {
    check_batch(name(), samples, batch_size);
    const double p = 1 / static_cast<double>(batch_size);
    return {p, p};
  }

  ThirdMoment third_moment(Index samples, Index batch_size) const override {
    check_batch(name(), samples, batch_size);
    // E over three positions of the batch: all the same, two the same, all different.
    const auto n = static_cast<double>(samples);
    const auto b = static_cast<double>(batch_size);
    return {b / n, b * (b - 1) / (n * n), b * (b - 1) * (b - 2) / (n * n * n)};
  }

  Index draw(Index samples, Index batch_size, Philox& random, std::uint32_t* batch) const override {
    random.below(static_cast<std::uint32_t>(samples), batch_size, batch);
    return batch_size;
  }
};

}  // namespace

std::shared_ptr<const BatchLaw> make_with_replacement() { return std::make_shared<WithReplacement>(); }

}  // namespace brink
