#include "brink/simulation/trajectory_alignment.hpp"

#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/statistics/time_series.hpp"

namespace brink {
namespace {

/// A norm outside 2^±100 is brought back to one: by a power of two, which rounds nothing.
void rescale(const Engine& engine, double* state) {
  constexpr int far = 100;
  const double squared = engine.squared_norm(state);
  if (!std::isfinite(squared)) {
    throw NotConverged(
        "trajectory_alignment: the trajectory overflowed in one step; the step size is far beyond stability");
  }
  if (squared == 0) throw NotConverged("trajectory_alignment: the trajectory reached the minimum exactly");
  int exponent = 0;
  std::frexp(squared, &exponent);
  exponent /= 2;
  if (std::abs(exponent) > far) engine.scale(state, std::ldexp(1.0, -exponent));
}

BatchMeans time_average(const std::vector<LossAlignment>& curve, double LossAlignment::*quantity, Estimate& estimate,
                        const char* name) {
  std::vector<double> series;
  for (const LossAlignment& point : curve) series.push_back(point.*quantity);
  const BatchMeans means = batch_means_adaptive(series, kTrajectoryBatches);
  estimate.value = means.mean;
  estimate.error = means.standard_error;
  estimate.kind = ErrorKind::standard_error;
  estimate.method = "time average of one trajectory, batch means";
  if (means.is_correlated) {
    estimate.warnings.push_back(std::string(name) + " of successive steps is correlated over " +
                                std::to_string(std::lround(means.autocorrelation_time)) +
                                " steps, too long for this run: the standard error may be too small; use more steps");
  }
  return means;
}

}  // namespace

TrajectoryAlignment trajectory_alignment(const LinearizedModel& model, const Engine& engine, NoiseSource source,
                                         const TrajectoryOptions& options, const Monitor& monitor) {
  constexpr const char* function = "trajectory_alignment";
  constexpr Index most = std::numeric_limits<std::int32_t>::max();
  check_argument(options.steps >= 2 * kTrajectoryBatches && options.steps <= most, function, "steps", options.steps,
                 std::to_string(2 * kTrajectoryBatches) + " <= steps < 2^31");
  check_argument(options.burn_in >= 0 && options.burn_in <= most, function, "burn_in", options.burn_in,
                 "0 <= burn_in < 2^31");
  check_argument(engine.state_size() >= model.rank(), function, "engine", engine.name(),
                 "an engine in the eigenbasis of the model");
  TrajectoryAlignment result;
  result.curve.reserve(static_cast<std::size_t>(options.steps));
  Vector state(engine.state_size());
  engine.initialize(0, state.data());
  const Index end = options.burn_in + options.steps;
  for (Index step = 0; step < end; ++step) {
    monitor.check();
    if (step >= options.burn_in) {
      result.curve.push_back(loss_alignment(model, Vector(state.head(model.rank())), source));
    }
    engine.advance(static_cast<std::uint32_t>(step), 0, 1, state.data());
    rescale(engine, state.data());
    monitor.report(static_cast<double>(step + 1) / static_cast<double>(end));
  }
  result.degrees_of_freedom = time_average(result.curve, &LossAlignment::mu, result.mu, "mu").degrees_of_freedom;
  time_average(result.curve, &LossAlignment::direction, result.direction, "direction alignment");
  time_average(result.curve, &LossAlignment::magnitude, result.magnitude, "magnitude");
  return result;
}

}  // namespace brink
