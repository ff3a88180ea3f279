#pragma once
// The root of an increasing function below a wall: what every threshold search needs.

#include <functional>

namespace brink {

struct MonotoneRoot {
  double s = 0;           ///< where f(s) = 1, or the wall
  bool at_upper = false;  ///< f stays below 1 up to the wall
  double slope = 0;       ///< f′ there, by the last secant that was long enough to tell; 0 when there was none
};

/// Solves f(s) = 1, the last step of docs/theory.md, (4.4) and (4.9), for an increasing f > 0 on (−∞, upper], starting
/// at s0 ≤ upper with f(s0) = f0, by the secant rule on 1/f (nearly linear in the problems met here), safeguarded by a
/// bracket. Steps below tolerance·(1 + |s|) end the search. `slope0` is an estimate of f′(s0), which saves the secant
/// its blind first step, or 0; a wrong one costs evaluations and no accuracy. The s returned is the last at which f was
/// evaluated, or the wall. Throws NotConverged when f is not finite.
[[nodiscard]] MonotoneRoot monotone_root(const std::function<double(double)>& f, double s0, double f0, double upper,
                                         double tolerance = 2e-16, double slope0 = 0);

}  // namespace brink
