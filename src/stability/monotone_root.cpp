#include "brink/stability/monotone_root.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"

namespace brink {

MonotoneRoot monotone_root(const std::function<double(double)>& f, double s0, double f0, double upper, double tolerance,
                           double slope0) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  // h = 1 − 1/f has the sign of f − 1.
  const auto h_of = [](double value) { return 1 - 1 / value; };
  double below = -infinity;  // largest s known with f < 1
  double above = infinity;   // smallest s known with f > 1
  double s = s0;
  double value = f0;
  double previous_s = s0;
  double previous_h = 0;
  // Of h; f′ = h′f². Shorter steps than this see the rounding of f.
  const double shortest_secant = 1e3 * tolerance;
  double slope = slope0 > 0 && std::isfinite(slope0) ? slope0 / (f0 * f0) : 0;
  bool measured = false;  // the slope is a secant, not the one given
  bool have_previous = false;
  double step = 0.05;
  for (int evaluation = 0; evaluation < 200; ++evaluation) {
    if (!std::isfinite(value) || value <= 0) {
      throw NotConverged(fmt::format("monotone_root: f({:.17g}) = {}, need a finite number > 0", s, value));
    }
    const double h = h_of(value);
    if (have_previous && std::abs(s - previous_s) > shortest_secant * (1 + std::abs(s))) {
      slope = (h - previous_h) / (s - previous_s);
      measured = true;
    }
    const double slope_of_f = std::max(slope, 0.0) * value * value;
    if (h == 0) return {s, false, slope_of_f};
    if (h < 0) {
      if (s >= upper) return {upper, true, slope_of_f};
      below = std::max(below, s);
    } else {
      above = std::min(above, s);
    }
    // Where f is far from 1, a short step is that of a secant across a bend: no sign of a root.
    const bool near = std::abs(h) < 0.5;
    double next = 0;
    if (slope > 0) {
      next = s - h / slope;
      if (measured && near && std::abs(next - s) <= tolerance * (1 + std::abs(s))) return {s, false, slope_of_f};
      // A slope that was given may be wrong: the first step is long enough to measure another.
      const double least = 2 * shortest_secant * (1 + std::abs(s));
      if (!measured && std::abs(next - s) < least) next = h > 0 ? s - least : s + least;
    } else {
      next = h > 0 ? s - step : s + step;
      step *= 2;
    }
    // A secant that leaves the bracket, or creeps along one side of it, gives way to bisection or expansion.
    if (std::isinf(below) && next <= s - 16 * (1 + step)) next = s - 16 * (1 + step);
    const bool bracketed = std::isfinite(below) && std::isfinite(above);
    const bool creeps = !near && bracketed && std::abs(next - s) < 1e-3 * (above - below);
    if (next <= below || next >= above || creeps) {
      next = std::isinf(above) ? 0.5 * (below + upper) : std::isinf(below) ? above - step : 0.5 * (below + above);
    }
    if (next > upper) next = upper;
    if (evaluation > 12 && bracketed && evaluation % 3 == 0) {
      next = 0.5 * (below + above);
    }
    previous_s = s;
    previous_h = h;
    have_previous = true;
    const double resolution = tolerance * (1 + std::abs(s));
    if (std::abs(next - s) <= resolution || (std::isfinite(below) && above - below <= resolution)) {
      return {s, s >= upper && h < 0, slope_of_f};
    }
    s = next;
    value = f(s);
  }
  return {s, false, std::max(slope, 0.0)};
}

}  // namespace brink
