#pragma once
// Lines, broken lines and monotone curves: slopes on log-log axes, plateaus against drift, crossovers.

#include <optional>
#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/statistics/intervals.hpp"
#include "brink/statistics/mean_tests.hpp"

namespace brink {

struct LineFit {
  MeanEstimate slope;  ///< n − 2 degrees of freedom
  double intercept = 0;
  double residual_deviation = 0;
};

/// Least squares y = intercept + slope·x. At least 3 points, at two or more x.
[[nodiscard]] LineFit fit_line(const std::vector<double>& x, const std::vector<double>& y);

/// fit_line of the logarithms: the exponent of a power law. All numbers > 0.
[[nodiscard]] LineFit fit_power_law(const std::vector<double>& x, const std::vector<double>& y);

struct Drift {
  MeanEstimate change;           ///< of the line from the beginning to the end of the series
  double mean = 0;               ///< of the series
  double effective_samples = 0;  ///< T/τ, τ the autocorrelation time of what the line leaves
  bool is_correlated = false;    ///< too short for its memory: the error is not to be trusted
};

/// Plateau or drift: the line through the means of consecutive stretches of a series, each at least ten
/// autocorrelation times long where the series allows. At least 32 values.
[[nodiscard]] Drift trace_drift(const std::vector<double>& series);

/// The non-decreasing sequence nearest to y in weighted least squares [pool adjacent violators, Barlow et al. 1972].
/// Empty weights: equal ones; else all > 0. O(n).
[[nodiscard]] std::vector<double> isotonic_fit(const std::vector<double>& y, const std::vector<double>& weights = {});

/// Where a monotone curve crosses a level: the isotonic fit (increasing, or decreasing where y falls from the first to
/// the last point), interpolated linearly. x ascending. Absent when the level is not reached between the ends; `side`
/// says where the curve is instead.
struct Crossing {
  std::optional<double> x;
  Interval censored;  ///< where the crossing must be: (−∞, x₁), or (x_n, ∞); equal ends where it was found
};
[[nodiscard]] Crossing isotonic_crossing(const std::vector<double>& x, const std::vector<double>& y, double level);

struct BrokenLineFit {
  double break_point = 0;
  Interval interval;  ///< of the break point, from the profile of the residual sum of squares (F, 1 and n − 4)
  double slope_before = 0;
  double slope_after = 0;
  double value_at_break = 0;
  double residual_deviation = 0;
};

/// A continuous line with one break: y = v + s₁(x − b) for x < b, v + s₂(x − b) for x ≥ b, the break anywhere between
/// the second and the second last x [Hudson 1966]. At least 6 points, x ascending. The interval covers about as stated
/// when the noise is normal and the slopes differ clearly; an end at the range of x means that the data do not bound
/// the break on that side.
[[nodiscard]] BrokenLineFit fit_broken_line(const std::vector<double>& x, const std::vector<double>& y,
                                            double confidence);

}  // namespace brink
