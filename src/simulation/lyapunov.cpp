#include <cmath>
#include <limits>

#include "replica_ensemble.hpp"

namespace brink {

namespace {

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
  const Vector after = run_until(ensemble.end());

  Index alive = 0;
  double sum = 0;
  double sum_of_squares = 0;  // about the first value, so that nothing cancels
  double origin = 0;
  for (Index i = 0; i < after.size(); ++i) {
    if (std::isinf(after[i])) continue;
    const double exponent = (after[i] - before[i]) / static_cast<double>(options.steps);
    if (alive == 0) origin = exponent;
    ++alive;
    sum += exponent - origin;
    sum_of_squares += (exponent - origin) * (exponent - origin);
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
