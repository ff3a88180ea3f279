// Every sample is in the batch with probability B/n, independently; the gradient is divided by B, not by the batch's
// random size (Poisson sampling).

#include <cmath>
#include <numeric>

#include "builtin_laws.hpp"

namespace brink {
namespace {

class Bernoulli final : public BatchLaw {
 public:
  std::string_view name() const override { return "bernoulli"; }

  SecondMoment second_moment(Index samples, Index batch_size) const override {
    check_batch(name(), samples, batch_size);
    const auto b = static_cast<double>(batch_size);
    return {(1 - b / static_cast<double>(samples)) / b, 0};
  }

  ThirdMoment third_moment(Index samples, Index batch_size) const override {
    check_batch(name(), samples, batch_size);
    const double q = static_cast<double>(batch_size) / static_cast<double>(samples);
    return third_moment_of_distinct_samples(q, q * q, q * q * q);
  }

  Index draw(Index samples, Index batch_size, Philox& random, std::uint32_t* batch) const override {
    if (batch_size == samples) {
      std::iota(batch, batch + samples, 0U);
      return samples;
    }
    // The gaps between chosen samples are geometric: P(gap ≥ g) = (1 − B/n)^g, inverted exactly.
    const double q = static_cast<double>(batch_size) / static_cast<double>(samples);
    const double scale = 1 / std::log1p(-q);
    Index count = 0;
    Index next = 0;
    while (true) {
      const double gap = std::floor(std::log(random.uniform()) * scale);
      if (gap >= static_cast<double>(samples - next)) return count;
      next += static_cast<Index>(gap);
      batch[count++] = static_cast<std::uint32_t>(next++);
    }
  }
};

}  // namespace

std::shared_ptr<const BatchLaw> make_bernoulli() { return std::make_shared<Bernoulli>(); }

}  // namespace brink
