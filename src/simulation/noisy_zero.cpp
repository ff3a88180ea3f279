#include "noisy_zero.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/statistics/intervals.hpp"

namespace brink {
namespace {

// Full runs cover the range of x above the zero in which Λ rises by kRise standard errors: more would not place
// the zero any better, and less of it is curved.
constexpr double kRise = 40;
constexpr double kLargestSpan = 0.12;
constexpr double kSmallestSpan = 2e-3;  // with less than this to resolve there is no noise to speak of
constexpr int kFullRuns = 5;
constexpr int kMostRounds = 7;     // for a span that fits
constexpr int kMostSearches = 15;  // for a span that holds the zero
constexpr double kPoorFit = 0.02;  // p-value of χ² below which the span is halved

/// Where the zero lies among the runs, in spans above the lowest: where it is aimed at, and where it is accepted.
struct Placement {
  double aim;
  double lowest;
  double highest;
};
constexpr Placement kAmongRuns = {0.15, 0.02, 0.35};
// Below its zero Λ may bend, from the critical mode to directions that barely decay, and runs that are not long enough
// see the bend a little above the zero too.
constexpr Placement kBelowRuns = {-0.25, -0.5, -0.1};
// Λ bends when it falls below the zero by less than this share of what its slope above promises.
constexpr double kBend = 0.6;
// Short runs only have to bring the zero near the full ones.
constexpr double kBracketRatio = 1.1;
constexpr int kMostBracketRuns = 12;  // steps double: more than 2^-60 … 2^60 of the start
// Full runs that bracket the zero need more certainty than short ones, because one that is wrong would shut it out for
// good.
constexpr double kCertainly = 5;

bool clearly_grows(const NoisyPoint& point) { return point.y > kClearly * point.standard_error; }

double span_of_rise(double standard_error, double slope, double largest) {
  return slope > 0 ? std::clamp(kRise * standard_error / slope, kSmallestSpan, largest) : largest;
}

/// Narrows a bracket by short runs; `at_high` is the one at its upper end.
Neighbourhood close_in(const NoisyGrowth& growth, double low, double high, NoisyPoint at_high, double largest_span) {
  while (high - low > 1.01 * std::log(kBracketRatio)) {
    const double middle = 0.5 * (low + high);
    const NoisyPoint point = growth.run(middle, false);
    if (clearly_grows(point)) at_high = point;
    (clearly_grows(point) ? high : low) = middle;
  }
  const NoisyPoint above = growth.run(high + largest_span, false);
  if (!(above.y > at_high.y)) return {high, largest_span, largest_span};
  const double slope = (above.y - at_high.y) / largest_span;
  // Both the replicas and the steps of a short run are fewer by the same factor.
  return {std::clamp(high - at_high.y / slope, low, high),
          span_of_rise(at_high.standard_error / static_cast<double>(kShortRunFactor), slope, largest_span),
          largest_span};
}

/// Where the zero must lie, by every full run so far.
struct Bracket {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  void learn(double x, const NoisyPoint& point) {
    if (point.y < -kCertainly * point.standard_error) low = std::max(low, x);
    if (point.y > kCertainly * point.standard_error) high = std::min(high, x);
  }
  /// The place proposed, or the middle of the bracket when it lies outside.
  [[nodiscard]] double admit(double x) const {
    const bool outside = x <= low || x >= high;
    return outside && std::isfinite(high - low) && low < high ? 0.5 * (low + high) : x;
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
std::vector<NoisyPoint> runs_above(const NoisyGrowth& growth, double lowest, double span) {
  std::vector<NoisyPoint> points;
  for (int i = 0; i < kFullRuns; ++i) {
    points.push_back(growth.run(lowest + span * i / (kFullRuns - 1), true));
    points.back().x -= lowest;
  }
  return points;
}

/// The highest x below the runs whose growth is certainly negative, by what is known and a few more full runs: where Λ
/// bends below its zero, it is small there and so is its error. −∞ when there is none.
double highest_stable(const NoisyGrowth& growth, double lowest, double span, Bracket bracket) {
  for (const double share : {0.25, 1.0, 3.0}) {
    const double x = lowest - share * span;
    if (bracket.low >= x) break;
    bracket.learn(x, growth.run(x, true));
  }
  return bracket.low;
}

/// Whether Λ, just below its zero, falls by less than its slope above promises.
bool bends_below(const NoisyGrowth& growth, double zero, double span, double slope, Bracket& bracket) {
  const NoisyPoint below = growth.run(zero - span, true);
  bracket.learn(zero - span, below);
  return below.y - kClearly * below.standard_error > -kBend * slope * span;
}

/// Λ is convex where it bends: a parabola across the bend crosses zero too low, one continued from above too high. The
/// zero is half way, and half the way is an error.
NoisyZero between(const NoisyZero& across, const NoisyZero& above) {
  NoisyZero result;
  result.x = 0.5 * (across.x + above.x);
  result.slope = 0.5 * (across.slope + above.slope);
  result.degrees_of_freedom = std::min(across.degrees_of_freedom, above.degrees_of_freedom);
  result.lower = std::min(across.lower, above.lower);
  result.upper = std::max(across.upper, above.upper);
  // A parabola that only just reaches zero says nothing of where; the runs that end the interval do.
  result.standard_error =
      std::min(std::hypot(0.5 * (above.x - across.x), across.standard_error / std::sqrt(2.0),
                          above.standard_error / std::sqrt(2.0)),
               0.5 * (result.upper - result.lower) / student_quantile(0.975, result.degrees_of_freedom));
  result.poor_fit = across.poor_fit || above.poor_fit;
  return result;
}

/// The zero of the fit through `points`, whose x counts from `lowest`.
NoisyZero with_interval(const NoisyGrowth& growth, const std::vector<NoisyPoint>& points, const Parabola& fit,
                        double zero, double lowest, const Bracket& bracket) {
  const double span = points.back().x;
  NoisyZero result;
  result.x = lowest + zero;
  result.slope = fit.slope(zero);
  result.degrees_of_freedom = fit.degrees_of_freedom(zero);
  result.poor_fit = fit.goodness_of_fit() < kPoorFit;
  // What a parabola cannot follow is an error too, of unknown kind: it is counted as scatter [Birge 1932].
  const double scatter = result.poor_fit ? fit.scatter() : 1;
  result.standard_error = scatter * fit.standard_error(zero) / std::abs(result.slope);
  // Fieller: every x at which a growth rate of zero is not rejected.
  const auto margin = [&](double u) {
    return scatter * student_quantile(0.975, fit.degrees_of_freedom(u)) * fit.standard_error(u);
  };
  const double reach = 3 * span;
  double lower = first_crossing([&](double u) { return fit.value(u) + margin(u); }, zero, -reach, true);
  // A parabola says little below its points, but the zero is the only one near here: what is below a stable run is
  // stable.
  const NoisyPoint& first = points.front();
  if (first.y + student_quantile(0.975, first.degrees_of_freedom) * first.standard_error < 0) {
    lower = std::max(lower, std::min(first.x, zero));
  } else {
    const double start = lowest + std::min(zero, 0.0);
    lower = std::max(lower, std::min(highest_stable(growth, start, span, bracket) - lowest, zero));
  }
  result.lower = lowest + lower;
  result.upper = lowest + first_crossing([&](double u) { return fit.value(u) - margin(u); }, zero, reach, false);
  return result;
}

}  // namespace

Neighbourhood search_from(const NoisyGrowth& growth, double start) {
  double step = std::log(kBracketRatio);
  double low = start;
  double high = start;
  NoisyPoint at_high = growth.run(start, false);
  const bool downwards = clearly_grows(at_high);
  for (int runs = 0;; ++runs) {
    if (runs > kMostBracketRuns) {
      throw NotConverged(fmt::format("{}: growth does not change its sign between {} and {}", growth.function,
                                     growth.describe(low), growth.describe(high)));
    }
    const double probe = downwards ? high - step : low + step;
    const NoisyPoint point = growth.run(probe, false);
    const bool grows = clearly_grows(point);
    if (grows) at_high = point;
    (grows ? high : low) = probe;
    if (grows != downwards) break;
    step *= 2;
  }
  return close_in(growth, low, high, at_high, kLargestSpan);
}

Neighbourhood search_between(const NoisyGrowth& growth, double low, double high) {
  return close_in(growth, low, high, growth.run(high, false), std::clamp(high - low, kSmallestSpan, kLargestSpan));
}

NoisyZero refine_zero(const NoisyGrowth& growth, const Neighbourhood& near) {
  Placement place = kAmongRuns;
  double span = near.span;
  double least_span = 0;
  double lowest = near.x - place.aim * span;
  Bracket bracket;
  std::optional<NoisyZero> across;
  for (int round = 1;; ++round) {
    const auto points = runs_above(growth, lowest, span);
    for (const auto& point : points) bracket.learn(lowest + point.x, point);
    const Parabola fit(points);
    const double zero = zero_of(fit, span, near.largest_span);
    const bool poor = fit.goodness_of_fit() < kPoorFit;
    const bool outside = zero < place.lowest * span || zero > place.highest * span;
    const double rise =
        std::max(least_span, span_of_rise(fit.standard_error(0.5 * span), fit.slope(0.5 * span), near.largest_span));
    const bool ill_sized = span > 2 * rise || span < 0.3 * rise || span < 0.7 * least_span;
    if (((poor || ill_sized) && round < kMostRounds) || (outside && round < kMostSearches)) {
      // The slope far from the zero says nothing about the span there.
      if (!outside || zero > -span)
        span = poor && !ill_sized ? std::max(0.5 * span, least_span) : ill_sized ? rise : span;
      lowest = bracket.admit(lowest + zero) - place.aim * span;
      continue;
    }
    if (outside) {
      if (across) {  // no parabola from above reaches zero below its runs
        across->poor_fit = true;
        return *across;
      }
      throw NotConverged(
          fmt::format("{}: {} rounds of runs did not find the zero of the growth near {}: more replicas or steps are "
                      "needed",
                      growth.function, round, growth.describe(lowest + zero)));
    }
    const NoisyZero found = with_interval(growth, points, fit, zero, lowest, bracket);
    if (across) return between(*across, found);
    if (!bends_below(growth, lowest + zero, span, fit.slope(zero), bracket)) return found;
    across = found;
    place = kBelowRuns;
    // The lowest run is where growth prevails.
    least_span = std::min(growth.resolved / (fit.slope(zero) * -place.aim), near.largest_span);
    span = std::max(span, least_span);
    lowest += zero - place.aim * span;
    round = 0;
  }
}

}  // namespace brink
