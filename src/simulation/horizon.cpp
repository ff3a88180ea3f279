#include "brink/simulation/horizon.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace brink {
namespace {

constexpr double kHorizonConfidence = 0.95;
constexpr Index kMostPoints = 60;

/// Horizons 1, …, `last`, evenly on a logarithmic scale where there are many.
std::vector<Index> horizons(Index last) {
  std::vector<Index> steps;
  for (Index i = 0; i < kMostPoints; ++i) {
    const double power = static_cast<double>(i) / (kMostPoints - 1);
    const auto at = static_cast<Index>(std::lround(std::pow(static_cast<double>(last), power)));
    if (steps.empty() || at > steps.back()) steps.push_back(at);
  }
  return steps;
}

struct Mean {
  double value = 0;
  Interval interval;
};

Mean mean_with_interval(const Vector& values) {
  const auto count = static_cast<double>(values.size());
  Mean result{values.mean(), {}};
  const double error = std::sqrt((values.array() - result.value).square().sum() / (count - 1) / count);
  const double width = student_quantile(0.5 + 0.5 * kHorizonConfidence, count - 1) * error;
  result.interval = {result.value - width, result.value + width};
  return result;
}

}  // namespace

HorizonCurve horizon_curve(const EngineFactory& make_engine, const Dynamics& dynamics, const SimulationOptions& options,
                           const Monitor& monitor) {
  HorizonCurve curve;
  curve.runs = kHorizonRuns;
  curve.replicas = options.replicas;
  SimulationOptions own_options = options;
  own_options.burn_in = 0;
  const std::vector<Index> steps = horizons(options.steps);
  const auto count = static_cast<Index>(steps.size());
  Matrix ensemble(kHorizonRuns, count);
  Matrix cloning(kHorizonRuns, count);
  double inverse_horizon = 0;
  for (Index run = 0; run < kHorizonRuns; ++run) {
    Dynamics own = dynamics;
    own.seed = run_seed(dynamics.seed, static_cast<std::uint64_t>(run));
    const auto engine = make_engine(own);
    const auto part = [&](Index which) {
      return Monitor{[&monitor, run, which](double fraction) {
                       monitor.report((static_cast<double>(2 * run + which) + fraction) / (2.0 * kHorizonRuns));
                     },
                     monitor.interrupted};
    };
    const GrowthEstimate plain = ensemble_growth(*engine, own, own_options, part(0));
    const GrowthEstimate clones = cloning_growth(*engine, own, own_options, part(1));
    inverse_horizon += 1 / plain.horizon / static_cast<double>(kHorizonRuns);
    const auto fill = [&](const std::vector<double>& trace, Matrix& rates) {
      double sum = 0;
      Index at = 0;
      for (Index t = 1; at < count && t <= static_cast<Index>(trace.size()); ++t) {
        sum += trace[static_cast<std::size_t>(t - 1)];
        if (t == steps[static_cast<std::size_t>(at)]) rates(run, at++) = sum / static_cast<double>(t);
      }
    };
    fill(plain.trace, ensemble);
    fill(clones.trace, cloning);
  }
  curve.horizon = inverse_horizon > 0 ? 1 / inverse_horizon : std::numeric_limits<double>::infinity();
  for (Index i = 0; i < count; ++i) {
    const Mean plain = mean_with_interval(ensemble.col(i));
    const Mean clones = mean_with_interval(cloning.col(i));
    curve.points.push_back(
        {steps[static_cast<std::size_t>(i)], plain.value, plain.interval, clones.value, clones.interval});
  }
  return curve;
}

}  // namespace brink
