#include "brink/simulation/measured_threshold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/statistics/intervals.hpp"
#include "parabola.hpp"

namespace brink {
namespace {

// Full runs cover the range of ln η above the zero in which Λ rises by kRise standard errors: more would not place
// the zero any better, and less of it is curved. They start a little below the zero, and no more than that, because
// there Λ may bend within any resolution, from the critical mode to directions that barely decay.
constexpr double kRise = 40;
constexpr double kShareBelow = 0.15;
constexpr double kLargestSpan = 0.12;
constexpr double kSmallestSpan = 2e-3;  // with less than this to resolve there is no noise to speak of
constexpr int kFullRuns = 5;
constexpr int kMostRounds = 7;     // for a span that fits
constexpr int kMostSearches = 15;  // for a span that holds the zero
constexpr double kPoorFit = 0.02;  // p-value of χ² below which the span is halved
// The zero must lie between these places, in spans above the lowest full run.
constexpr double kLowestZero = 0.02;
constexpr double kHighestZero = 0.35;
// Short runs only have to bring the zero near the full ones.
constexpr Index kShortRunFactor = 4;
constexpr double kBracketRatio = 1.1;
constexpr int kMostBracketRuns = 12;  // steps double: more than 2^-60 … 2^60 of the start
// Growth counts as growth when it exceeds so many standard errors; full runs that bracket the zero need more, because
// one that is wrong would shut it out for good.
constexpr double kClearly = 3;
constexpr double kCertainly = 5;
constexpr std::uint64_t kSeedStride = 0x9E3779B97F4A7C15ULL;  // golden ratio: seeds of different runs are far apart

class Runner {
 public:
  Runner(const EngineFactory& make_engine, const Dynamics& dynamics, const SimulationOptions& options,
         const Monitor& monitor)
      : make_engine_(make_engine), dynamics_(dynamics), options_(options), monitor_(monitor) {}

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
    const GrowthEstimate growth = cloning_growth(*engine, at, options, {{}, monitor_.interrupted});
    // Nobody knows how many runs there will be: each one takes the same share of what is left.
    left_ *= full ? 0.85 : 0.97;
    monitor_.report(1 - left_);
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
  const Monitor& monitor_;
  double left_ = 1;
  Index runs_ = 0;
  std::vector<std::string> warnings_;
};

bool clearly_grows(const NoisyPoint& point) { return point.y > kClearly * point.standard_error; }

struct Neighbourhood {
  double log_eta;  ///< near the zero
  double span;     ///< over which Λ rises by kRise standard errors of a full run
};

double span_of_rise(double standard_error, double slope) {
  return slope > 0 ? std::clamp(kRise * standard_error / slope, kSmallestSpan, kLargestSpan) : kLargestSpan;
}

/// The neighbourhood of the zero by short runs.
Neighbourhood search(Runner& runner, double start) {
  double step = std::log(kBracketRatio);
  double low = start;
  double high = start;
  NoisyPoint at_high = runner.run(start, false);
  const bool downwards = clearly_grows(at_high);
  for (int runs = 0;; ++runs) {
    if (runs > kMostBracketRuns) {
      throw NotConverged(
          fmt::format("measure_threshold: growth does not change its sign between eta = {:.6g} and {:.6g}",
                      std::exp(low), std::exp(high)));
    }
    const double probe = downwards ? high - step : low + step;
    const NoisyPoint point = runner.run(probe, false);
    const bool grows = clearly_grows(point);
    if (grows) at_high = point;
    (grows ? high : low) = probe;
    if (grows != downwards) break;
    step *= 2;
  }
  while (high - low > 1.01 * std::log(kBracketRatio)) {
    const double middle = 0.5 * (low + high);
    const NoisyPoint point = runner.run(middle, false);
    if (clearly_grows(point)) at_high = point;
    (clearly_grows(point) ? high : low) = middle;
  }
  const NoisyPoint above = runner.run(high + kLargestSpan, false);
  if (!(above.y > at_high.y)) return {high, kLargestSpan};
  const double slope = (above.y - at_high.y) / kLargestSpan;
  // Both the replicas and the steps of a short run are fewer by the same factor.
  return {std::clamp(high - at_high.y / slope, low, high),
          span_of_rise(at_high.standard_error / static_cast<double>(kShortRunFactor), slope)};
}

/// Where the zero must lie, by every full run so far (in ln η).
struct Bracket {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  void learn(double log_eta, const NoisyPoint& point) {
    if (point.y < -kCertainly * point.standard_error) low = std::max(low, log_eta);
    if (point.y > kCertainly * point.standard_error) high = std::min(high, log_eta);
  }
  /// The place proposed, or the middle of the bracket when it lies outside.
  [[nodiscard]] double admit(double log_eta) const {
    const bool outside = log_eta <= low || log_eta >= high;
    return outside && std::isfinite(high - low) && low < high ? 0.5 * (low + high) : log_eta;
  }
};

/// The first place on the way from `from` to `to` where f is negative, or positive as asked; `to` when there is none.
template <class Function>
double first_crossing(Function f, double from, double to, bool negative) {
  constexpr int steps = 64;
  const auto crossed = [&](double u) { return negative ? f(u) < 0 : f(u) > 0; };
  double before = from;
  for (int i = 1; i <= steps; ++i) {
    double after = from + (to - from) * i / steps;
    if (!crossed(after)) {
      before = after;
      continue;
    }
    for (int halving = 0; halving < 50; ++halving) {
      const double middle = 0.5 * (before + after);
      (crossed(middle) ? after : before) = middle;
    }
    return 0.5 * (before + after);
  }
  return to;
}

/// The zero of the fit that is nearest to its points. A parabola may turn beyond them, the growth does not: it is
/// looked for downwards from a highest point that grows, upwards from one that does not, and no further than `reach`.
double zero_of(const Parabola& fit, double span, double reach) {
  const auto value = [&](double u) { return fit.value(u); };
  return fit.value(span) > 0 ? first_crossing(value, span, -reach, true)
                             : first_crossing(value, span, span + reach, false);
}

/// Full runs between `lowest` and `span` above it; x counts from `lowest`.
std::vector<NoisyPoint> runs_above(Runner& runner, double lowest, double span) {
  std::vector<NoisyPoint> points;
  for (int i = 0; i < kFullRuns; ++i) {
    points.push_back(runner.run(lowest + span * i / (kFullRuns - 1), true));
    points.back().x -= lowest;
  }
  return points;
}

}  // namespace

MeasuredThreshold measure_threshold(const EngineFactory& make_engine, const Dynamics& dynamics, double eta_start,
                                    const SimulationOptions& options, const Monitor& monitor) {
  check_argument(eta_start > 0 && std::isfinite(eta_start), "measure_threshold", "eta_start", eta_start,
                 "a finite number > 0");
  Runner runner(make_engine, dynamics, options, monitor);
  MeasuredThreshold result;
  result.eta.kind = ErrorKind::standard_error;
  result.eta.method = "zero of the cloning growth rate, parabola in ln eta";

  const Neighbourhood near = search(runner, std::log(eta_start));
  double span = near.span;
  double lowest = near.log_eta - kShareBelow * span;
  Bracket bracket;
  for (int round = 1;; ++round) {
    const auto points = runs_above(runner, lowest, span);
    for (const auto& point : points) bracket.learn(lowest + point.x, point);
    const Parabola fit(points);
    const double zero = zero_of(fit, span, kLargestSpan);
    const bool poor = fit.goodness_of_fit() < kPoorFit;
    const bool outside = zero < kLowestZero * span || zero > kHighestZero * span;
    const double rise = span_of_rise(fit.standard_error(0.5 * span), fit.slope(0.5 * span));
    const bool ill_sized = span > 2 * rise || span < 0.3 * rise;
    if (((poor || ill_sized) && round < kMostRounds) || (outside && round < kMostSearches)) {
      // The slope far from the zero says nothing about the span there.
      if (!outside || zero > -span) span = poor && !ill_sized ? 0.5 * span : ill_sized ? rise : span;
      lowest = bracket.admit(lowest + zero) - kShareBelow * span;
      continue;
    }
    if (outside) {
      throw NotConverged(
          fmt::format("measure_threshold: {} rounds of runs did not find the zero of the growth near eta = {:.6g}: "
                      "more replicas or "
                      "steps are needed",
                      round, std::exp(lowest + zero)));
    }
    result.slope = fit.slope(zero);
    result.degrees_of_freedom = fit.degrees_of_freedom(zero);
    result.eta.value = std::exp(lowest + zero);
    result.eta.error = result.eta.value * fit.standard_error(zero) / std::abs(result.slope);
    // Fieller: every η at which a growth rate of zero is not rejected.
    const auto margin = [&](double u) {
      return student_quantile(0.975, fit.degrees_of_freedom(u)) * fit.standard_error(u);
    };
    const double reach = 3 * span;
    double lower = first_crossing([&](double u) { return fit.value(u) + margin(u); }, zero, -reach, true);
    // A parabola says little below its points, but the stable step sizes are an interval: what is below a stable run is
    // stable.
    const NoisyPoint& first = points.front();
    if (first.y + student_quantile(0.975, first.degrees_of_freedom) * first.standard_error < 0) {
      lower = std::max(lower, std::min(first.x, zero));
    }
    result.lower = std::exp(lowest + lower);
    result.upper =
        std::exp(lowest + first_crossing([&](double u) { return fit.value(u) - margin(u); }, zero, reach, false));
    result.eta.warnings = runner.warnings();
    if (poor) result.eta.warnings.emplace_back("the growth near its zero is not a parabola within its errors");
    break;
  }
  result.runs = runner.runs();
  monitor.report(1);
  return result;
}

}  // namespace brink
