#include "brink/simulation/measured_threshold.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/statistics/intervals.hpp"
#include "parabola.hpp"

namespace brink {
namespace {

// Full runs are spread over ±kSpan in ln η around the zero: wide enough for the slope, narrow enough for a parabola.
constexpr double kSpan = 0.08;
constexpr int kFullRuns = 5;
// Short runs only have to bring the zero within the span of the full ones.
constexpr Index kShortRunFactor = 4;
constexpr double kBracketRatio = 1.1;
constexpr int kLargestShortRuns = 60;
// How close below the noise-free edge the search starts.
constexpr double kEdgeMargin = 1e-3;
constexpr std::uint64_t kSeedStride = 0x9E3779B97F4A7C15ULL;  // golden ratio: seeds of different runs are far apart

class Runner {
 public:
  Runner(const EngineFactory& make_engine, const Dynamics& dynamics, const SimulationOptions& options,
         const Monitor& monitor)
      : make_engine_(make_engine), dynamics_(dynamics), options_(options), monitor_{{}, monitor.interrupted} {}

  NoisyPoint run(double log_eta, bool full) {
    Dynamics at = dynamics_;
    at.eta = std::exp(log_eta);
    at.seed = dynamics_.seed + kSeedStride * static_cast<std::uint64_t>(++runs_);
    SimulationOptions options = options_;
    if (!full) {
      options.replicas = std::max<Index>(options.replicas / kShortRunFactor, std::min<Index>(options.replicas, 64));
      options.steps = std::max<Index>(options.steps / kShortRunFactor, 2 * kTimeBatches);
    }
    const auto engine = make_engine_(at);
    const GrowthEstimate growth = cloning_growth(*engine, at, options, monitor_);
    for (const auto& warning : growth.log_growth.warnings) {
      if (full && std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end()) {
        warnings_.push_back(warning);
      }
    }
    return {log_eta, growth.log_growth.value, growth.log_growth.error, growth.degrees_of_freedom};
  }

  [[nodiscard]] Index runs() const { return runs_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  const EngineFactory& make_engine_;
  const Dynamics& dynamics_;
  const SimulationOptions& options_;
  Monitor monitor_;
  Index runs_ = 0;
  std::vector<std::string> warnings_;
};

/// The crossing of an increasing function inside [−reach, reach], or the end it does not cross before.
template <class Function>
double crossing(Function f, double reach) {
  double low = -reach;
  double high = reach;
  if (f(low) >= 0) return low;
  if (f(high) <= 0) return high;
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (low + high);
    (f(middle) < 0 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

MeasuredThreshold measure_threshold(const EngineFactory& make_engine, const Dynamics& dynamics, double eta_edge,
                                    const SimulationOptions& options, const Monitor& monitor) {
  check_argument(eta_edge > 0 && std::isfinite(eta_edge), "measure_threshold", "eta_edge", eta_edge,
                 "a finite number > 0");
  Runner runner(make_engine, dynamics, options, monitor);
  MeasuredThreshold result;
  result.eta.kind = ErrorKind::standard_error;
  result.eta.method = "zero of the cloning growth rate, parabola in ln eta";

  double high = std::log(eta_edge) + std::log1p(-kEdgeMargin);
  if (runner.run(high, true).y < 0) {
    result.eta.value = eta_edge;
    result.eta.error = kEdgeMargin * eta_edge;
    result.degrees_of_freedom = 1;
    result.lower = eta_edge * (1 - kEdgeMargin);
    result.upper = eta_edge;
    result.runs = runner.runs();
    result.eta.warnings.emplace_back(
        "growth is negative up to the noise-free edge: the noise does not set the threshold");
    return result;
  }
  double low = high - std::log(2.0);
  int short_runs = 0;
  while (runner.run(low, false).y > 0) {
    high = low;
    low -= std::log(2.0);
    if (++short_runs > kLargestShortRuns) {
      throw NotConverged("measure_threshold: growth stays positive down to 2^-60 of the noise-free edge");
    }
  }
  while (high - low > std::log(kBracketRatio)) {
    const double middle = 0.5 * (low + high);
    (runner.run(middle, false).y > 0 ? high : low) = middle;
  }

  const double centre = 0.5 * (low + high);
  const double ceiling = std::log(eta_edge) + std::log1p(-kEdgeMargin);
  std::vector<NoisyPoint> points;
  for (int i = 0; i < kFullRuns; ++i) {
    const double offset = kSpan * (2.0 * i / (kFullRuns - 1) - 1);
    NoisyPoint point = runner.run(std::min(centre + offset, ceiling - kSpan * 0.1 * (kFullRuns - 1 - i)), true);
    point.x -= centre;
    points.push_back(point);
  }
  const Parabola fit(points);
  const double reach = 3 * kSpan;
  const auto margin = [&](double u) {
    return student_quantile(0.975, fit.degrees_of_freedom(u)) * fit.standard_error(u);
  };
  const double zero = crossing([&](double u) { return fit.value(u); }, reach);
  result.slope = fit.slope(zero);
  result.eta.value = std::exp(centre + zero);
  result.eta.error = result.eta.value * fit.standard_error(zero) / std::abs(result.slope);
  result.degrees_of_freedom = fit.degrees_of_freedom(zero);
  // Fieller: every η at which a growth rate of zero is not rejected.
  result.lower = std::exp(centre + crossing([&](double u) { return fit.value(u) + margin(u); }, reach));
  result.upper = std::exp(centre + crossing([&](double u) { return fit.value(u) - margin(u); }, reach));
  result.runs = runner.runs();
  result.eta.warnings = runner.warnings();
  if (std::abs(zero) > 1.5 * kSpan) {
    result.eta.warnings.emplace_back("the zero lies outside the full runs: more replicas or steps are needed");
  }
  return result;
}

}  // namespace brink
