#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "replica_ensemble.hpp"

namespace brink {

namespace {

/// The halves of a run that differ by more than this many standard errors have not forgotten their start.
constexpr double kDrift = 4;

/// Minus infinity, without an error, where fewer than two replicas stay away from the minimum.
GrowthEstimate measure_exponent(const Engine& engine, const Dynamics& dynamics, const SimulationOptions& options,
                                const Monitor& monitor) {
  SimulationOptions unweighted = options;
  unweighted.moment = 1;
  ReplicaEnsemble ensemble("lyapunov_exponent", engine, dynamics, unweighted, 1, monitor);
  const auto run_until = [&](Index time) {
    while (ensemble.time() < time) ensemble.advance_unobserved(time - ensemble.time());
    return ensemble.log_norms();
  };
  const Vector before = run_until(options.burn_in);
  const Vector middle = run_until(options.burn_in + options.steps / 2);
  const Vector after = run_until(ensemble.end());

  Index alive = 0;
  double sum = 0;
  double sum_of_squares = 0;  // about the first value, so that nothing cancels
  double origin = 0;
  double drift_sum = 0;
  double drift_squares = 0;
  for (Index i = 0; i < after.size(); ++i) {
    if (std::isinf(after[i])) continue;
    const double exponent = (after[i] - before[i]) / static_cast<double>(options.steps);
    if (alive == 0) origin = exponent;
    ++alive;
    sum += exponent - origin;
    sum_of_squares += (exponent - origin) * (exponent - origin);
    const auto first_half = static_cast<double>(options.steps / 2);
    const double drift = (after[i] - middle[i]) / (static_cast<double>(options.steps) - first_half) -
                         (middle[i] - before[i]) / first_half;
    drift_sum += drift;
    drift_squares += drift * drift;
  }
  GrowthEstimate result;
  result.log_growth.kind = ErrorKind::standard_error;
  result.log_growth.method = "lyapunov";
  if (alive < 2) {
    result.log_growth.value = -std::numeric_limits<double>::infinity();
    result.degrees_of_freedom = static_cast<double>(after.size() - 1);
    return result;
  }
  const auto count = static_cast<double>(alive);
  const double mean = sum / count;
  result.log_growth.value = origin + mean;
  result.log_growth.error = std::sqrt(std::max(0.0, sum_of_squares / count - mean * mean) / (count - 1));
  result.degrees_of_freedom = count - 1;
  const double drift = drift_sum / count;
  const double drift_error = std::sqrt(std::max(0.0, drift_squares / count - drift * drift) / (count - 1));
  constexpr double rounding = 1e-9;
  if (std::abs(drift) > kDrift * drift_error + rounding * std::abs(result.log_growth.value)) {
    result.log_growth.warnings.push_back(
        fmt::format("the exponent still changes along the run, by {:.2g} from its first half to its second: modes that "
                    "decay faster are not gone; use a longer burn-in",
                    drift));
  }
  if (alive < after.size()) {
    result.log_growth.warnings.push_back(std::to_string(after.size() - alive) + " of " + std::to_string(after.size()) +
                                         " replicas reached the minimum exactly, where the exponent is minus infinity; "
                                         "the value is the mean over the others");
  }
  return result;
}

}  // namespace

GrowthEstimate lyapunov_exponent(const Engine& engine, const Dynamics& dynamics, const SimulationOptions& options,
                                 const Monitor& monitor) {
  GrowthEstimate result = measure_exponent(engine, dynamics, options, monitor);
  if (std::isinf(result.log_growth.value)) {
    throw NotConverged(
        "lyapunov_exponent: fewer than two replicas stayed away from the minimum; the exponent is minus "
        "infinity");
  }
  return result;
}

GrowthEstimate moment_growth(const Engine& engine, const Dynamics& dynamics, const SimulationOptions& options,
                             const Monitor& monitor) {
  return options.moment == 0 ? measure_exponent(engine, dynamics, options, monitor)
                             : cloning_growth(engine, dynamics, options, monitor);
}

}  // namespace brink
