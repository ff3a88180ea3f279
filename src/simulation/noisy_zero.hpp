#pragma once
// The zero of a growth rate that is known from noisy runs only.

#include <functional>
#include <string>

#include "parabola.hpp"

namespace brink {

/// A short run has so many times fewer replicas and steps than a full one, and an error as many times larger.
inline constexpr Index kShortRunFactor = 4;

/// Growth counts as growth when it exceeds so many standard errors.
inline constexpr double kClearly = 3;

/// A growth rate that changes from negative to positive as x rises through the zero.
struct NoisyGrowth {
  /// One run at x, a full one or a short one.
  std::function<NoisyPoint(double x, bool full)> run;
  std::string function;                           ///< for messages: who asks
  std::function<std::string(double x)> describe;  ///< for messages: "eta = 0.5"
  /// A run is too short for growth closer to zero than this to prevail over directions that barely decay.
  double resolved = 0;
};

/// Where the zero is, about, and the range of x over which the growth rises by about 40 standard errors of a full run.
struct Neighbourhood {
  double x = 0;
  double span = 0;
  double largest_span = 0;  ///< full runs never cover more
};

/// By short runs from `start` up or down, then by bisection. Throws NotConverged when the growth never changes its
/// sign.
[[nodiscard]] Neighbourhood search_from(const NoisyGrowth& growth, double start);

/// By bisection between `low`, where growth is known to be negative, and `high`, where it is known to be positive.
[[nodiscard]] Neighbourhood search_between(const NoisyGrowth& growth, double low, double high);

struct NoisyZero {
  double x = 0;
  double standard_error = 0;
  double lower = 0;  ///< 95% interval (Fieller, Student t)
  double upper = 0;
  double slope = 0;
  double degrees_of_freedom = 0;
  bool poor_fit = false;  ///< the growth near its zero is not a parabola within its errors
};

/// Parabolas through five full runs, nearer and nearer to the zero, until it lies among them and the parabola fits. One
/// more run below the zero sees whether the growth bends there; if it does, a second parabola is fitted above the bend,
/// and the zero lies between the two; where none reaches zero, the first stands as a poor fit. Throws NotConverged when
/// no round of runs comes to hold the zero.
[[nodiscard]] NoisyZero refine_zero(const NoisyGrowth& growth, const Neighbourhood& near);

}  // namespace brink
