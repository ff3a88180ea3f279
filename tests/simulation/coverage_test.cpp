// Standard errors that are honest: over many seeds the exact value lies within two of them about 95% of the time.

#include <catch2/catch.hpp>

#include "analysis/models.hpp"
#include "brink/simulation/measured_threshold.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/statistics/intervals.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

constexpr int kSeeds = 200;

/// The number covered must be one that a coverage of 94–96.5% makes at the level 1e-3 on either side. P(|t₃₁| < 2) is
/// 94.6%, and a correlation left between time batches costs a little more.
void check_coverage(int covered, int seeds) {
  const Interval coverage = clopper_pearson(covered, seeds, 0.998);
  CAPTURE(covered, seeds, coverage.lower, coverage.upper);
  CHECK(coverage.upper > 0.94);
  CHECK(coverage.lower < 0.965);
}

struct Sample {
  double mean_error = 0;
  double spread = 0;                  ///< between seeds
  double typical_standard_error = 0;  ///< root mean square of the reported ones
  double mean_correction = 0;
  int covered = 0;
};

Sample sample(const LinearizedModel& model, Dynamics d, const SimulationOptions& options, double exact) {
  Sample result;
  double squares = 0;
  double variances = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    d.seed = static_cast<std::uint64_t>(5000 + seed);
    const auto estimate = cloning_growth(*make_linear_engine(model, d), d, options);
    const double error = estimate.log_growth.value - exact;
    result.mean_error += error / kSeeds;
    result.mean_correction += estimate.bias_correction / kSeeds;
    squares += error * error / kSeeds;
    variances += estimate.log_growth.error * estimate.log_growth.error / kSeeds;
    result.covered += std::abs(error) < 2 * estimate.log_growth.error;
  }
  result.spread = std::sqrt(squares - result.mean_error * result.mean_error);
  result.typical_standard_error = std::sqrt(variances);
  return result;
}

}  // namespace

TEST_CASE("two standard errors of cloning cover 95%", "[simulation][slow]") {
  SimulationOptions options;
  options.replicas = 1024;
  options.steps = 512;
  options.burn_in = 64;
  const LinearizedModel model = oracle::three_rows().model();
  const Sample s = sample(model, dynamics(oracle::sgd(), "without-replacement", 1, kEta), options, kSecondMoment);
  CAPTURE(s.mean_error, s.spread, s.typical_standard_error, s.mean_correction);
  check_coverage(s.covered, kSeeds);
  // Batch means against the spread between seeds (χ² with 199 degrees of freedom: ±16% at the level 1e-3).
  CHECK(s.typical_standard_error == Approx(s.spread).epsilon(0.17));
  // The correction removes a bias that is many times the error of this mean.
  const double error_of_mean = s.spread / std::sqrt(kSeeds);
  CHECK(s.mean_correction > 3 * error_of_mean);
  CHECK(std::abs(s.mean_error) < 3.5 * error_of_mean);
}

TEST_CASE("two standard errors cover with momentum and its long memory", "[simulation][slow]") {
  // Exactly at the mean-square threshold of heavy ball, β = 0.9: Λ(2) = 0.
  SimulationOptions options;
  options.replicas = 1024;
  options.steps = 1024;
  options.burn_in = 128;
  const LinearizedModel model = oracle::three_rows().model();
  const Sample s =
      sample(model, dynamics(oracle::heavy_ball(0.9), "without-replacement", 1, 0.117807922439132), options, 0);
  CAPTURE(s.mean_error, s.spread, s.typical_standard_error);
  check_coverage(s.covered, kSeeds);
  CHECK(s.typical_standard_error == Approx(s.spread).epsilon(0.2));
}

TEST_CASE("few replicas of a heavy-tailed model do not claim more than they know", "[simulation][slow]") {
  // Random features at the threshold, B = 4: 48 replicas miss the rare growth, and the spread over time does not show
  // it.
  const LinearizedModel model = analysis::feature_model(48, 256, "relu", 0).model;
  const auto sgd = analysis::rule_with("sgd", 0);
  const double eta = mean_square_threshold(model, *sgd, *make_batch_law("without-replacement"), 4).eta;
  SimulationOptions options;
  options.replicas = 48;
  options.steps = 300;
  options.burn_in = 300;
  const Sample s = sample(model, dynamics(oracle::sgd(), "without-replacement", 4, eta), options, 0);
  CAPTURE(s.mean_error, s.spread, s.typical_standard_error, s.covered);
  CHECK(s.covered > 0.93 * kSeeds);
}

TEST_CASE("intervals of the measured threshold cover the exact one", "[simulation][slow]") {
  const LinearizedModel model = oracle::three_rows().model();
  SimulationOptions options;
  options.replicas = 1024;
  options.steps = 384;
  options.burn_in = 64;
  const auto factory = [&](const Dynamics& d) { return make_linear_engine(model, d); };
  for (const auto& [rule, exact] :
       {std::pair{oracle::sgd(), 0.576039492188993}, {oracle::heavy_ball(0.5), 0.43179774766624}}) {
    int covered = 0;
    int within_two = 0;
    constexpr int seeds = 100;
    const double edge = rule.make()->deterministic_edge() / model.lambda_max();
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      Dynamics d = dynamics(rule, "without-replacement", 1, 0, 300 + seed);
      const auto measured = measure_threshold(factory, d, edge, options);
      covered += measured.lower < exact && exact < measured.upper;
      within_two += std::abs(measured.eta.value - exact) < 2 * measured.eta.error;
      CHECK(measured.eta.error < 0.02 * exact);
    }
    CAPTURE(rule.label(), covered, within_two);
    check_coverage(covered, seeds);
    check_coverage(within_two, seeds);
  }
}
