#include "brink/sampling/population_law.hpp"

#include "brink/base/error.hpp"

namespace brink {
namespace {

class PopulationLaw final : public BatchLaw {
 public:
  PopulationLaw(std::shared_ptr<const BatchLaw> law, Index population) : law_(std::move(law)), size_(population) {}

  std::string_view name() const override { return law_->name(); }

  Index population(Index samples) const override {
    check_argument(size_ >= samples, "population", "N", size_,
                   "at least the number of samples, " + std::to_string(samples));
    return size_;
  }

  SecondMoment second_moment(Index samples, Index batch_size) const override {
    return law_->second_moment(population(samples), batch_size);
  }

  /// Sums over the population are N/n times those over the subsample, in every factor.
  ThirdMoment third_moment(Index samples, Index batch_size) const override {
    const ThirdMoment moment = law_->third_moment(population(samples), batch_size);
    const double ratio = static_cast<double>(size_) / static_cast<double>(samples);
    return {moment.c1 * ratio, moment.c2 * ratio * ratio, moment.c3 * ratio * ratio * ratio};
  }

  Index draw(Index, Index, Philox&, std::uint32_t*) const override {
    fail_argument("draw", "law", "a population", "a law on the samples of the model: theory alone knows populations");
  }

 private:
  std::shared_ptr<const BatchLaw> law_;
  Index size_;
};

}  // namespace

std::shared_ptr<const BatchLaw> make_population_law(std::shared_ptr<const BatchLaw> law, Index population) {
  check_argument(!law->fresh_gaussian_rows(), "make_population_law", "sampling", law->name(),
                 "a law that draws from finitely many samples");
  return std::make_shared<PopulationLaw>(std::move(law), population);
}

}  // namespace brink
