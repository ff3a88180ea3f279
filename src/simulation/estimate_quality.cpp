#include "brink/simulation/estimate_quality.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/statistics/time_series.hpp"

namespace brink {

std::uint64_t run_seed(std::uint64_t seed, std::uint64_t run) { return seed + 0x9e3779b97f4a7c15U * (run + 1); }

PopulationBias population_bias(const EngineFactory& make_engine, const Dynamics& dynamics,
                               const SimulationOptions& options, const Monitor& monitor) {
  check_argument(options.replicas >= 8, "population_bias", "replicas", options.replicas, "an integer >= 8");
  constexpr Index parts[] = {1, 2, 4};
  PopulationBias result;
  std::uint64_t run = 0;
  for (const Index part : parts) {
    PopulationPoint point;
    point.replicas = options.replicas / part;
    point.runs = part;
    double variance = 0;
    for (Index i = 0; i < part; ++i, ++run) {
      Dynamics own = dynamics;
      own.seed = run_seed(dynamics.seed, run);
      SimulationOptions smaller = options;
      smaller.replicas = point.replicas;
      const auto base = static_cast<double>(run);
      const Monitor share = {[&](double fraction) { monitor.report((base + fraction) / 7); }, monitor.interrupted};
      const GrowthEstimate estimate = cloning_growth(*make_engine(own), own, smaller, share);
      point.log_growth += (estimate.log_growth.value - estimate.bias_correction) / static_cast<double>(part);
      // The variance of the mean alone: the correction, whose uncertainty `error` holds too, is not used here.
      const double mean_variance = 2 * estimate.bias_correction / static_cast<double>(options.steps);
      variance += mean_variance / static_cast<double>(part * part);
      if (part == 1) result.degrees_of_freedom = estimate.degrees_of_freedom;
      for (const auto& warning : estimate.log_growth.warnings) {
        if (part == 1) result.log_growth.warnings.push_back(warning);
      }
    }
    point.standard_error = std::sqrt(variance);
    result.points.push_back(point);
  }

  // Richardson, twice: three points at 1/N, 2/N, 4/N determine Λ + b/N + c/N².
  const auto& p = result.points;
  const auto error = [&](double a, double b, double c) {
    return std::hypot(a * p[0].standard_error, b * p[1].standard_error, c * p[2].standard_error) / 3;
  };
  result.log_growth.value = (8 * p[0].log_growth - 6 * p[1].log_growth + p[2].log_growth) / 3;
  result.log_growth.error = error(8, 6, 1);
  result.log_growth.kind = ErrorKind::standard_error;
  result.log_growth.method = "cloning, extrapolated in 1/N";
  result.bias = p[0].log_growth - result.log_growth.value;
  result.bias_error = error(5, 6, 1);
  return result;
}

GrowthDifference growth_difference(const GrowthEstimate& before, const GrowthEstimate& after) {
  check_argument(!before.trace.empty() && before.trace.size() == after.trace.size(), "growth_difference", "trace",
                 after.trace.size(), "two traces of the same length");
  std::vector<double> differences(before.trace.size());
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] = after.trace[i] - before.trace[i];
  const BatchMeans means = batch_means_adaptive(differences, kTimeBatches);
  GrowthDifference result;
  result.difference.value = after.log_growth.value - before.log_growth.value;
  result.difference.error = means.standard_error;
  result.difference.kind = ErrorKind::standard_error;
  result.difference.method = "common random numbers";
  result.degrees_of_freedom = means.degrees_of_freedom;
  const double independent = std::pow(batch_means_adaptive(before.trace, kTimeBatches).standard_error, 2) +
                             std::pow(batch_means_adaptive(after.trace, kTimeBatches).standard_error, 2);
  result.variance_reduction = independent / std::max(means.standard_error * means.standard_error, 1e-300);
  return result;
}

}  // namespace brink
