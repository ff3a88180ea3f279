#pragma once
// The index of a power-law tail, P(X > s) ~ C s^−α, from dependent data.

#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/statistics/intervals.hpp"

namespace brink {

/// Hill's estimate above one threshold.
struct HillPoint {
  Index exceedances = 0;  ///< k
  double threshold = 0;   ///< u, the (k+1)-th largest value
  double alpha = 0;
  double standard_error = 0;  ///< of 1/α, from the independent groups
  Interval interval;          ///< of α, without allowance for bias
};

struct TailFit {
  double alpha = 0;
  Interval interval;  ///< statistical error and the bias that shows
  double confidence = 0;
  Index exceedances = 0;        ///< k of the estimate
  double bias = 0;              ///< of 1/α: what fourfold k changes; the interval has it on both sides
  std::vector<HillPoint> plot;  ///< the Hill plot, k ascending by factors of √2
};

inline constexpr Index kFewestExceedances = 64;

/// Hill's estimator 1/α̂ = mean of ln(X/u) over the values above u [Hill 1975], for values whose rows are independent
/// of each other but not within: a row is one long run. With Y_g the sum of ln(X/u) and K_g the exceedances in row g,
/// 1/α̂ = ΣY/ΣK is a ratio of sums of independent pairs, and its standard error that of such a ratio. Intervals are
/// those of ln α, because this error is proportional to the estimate.
///
/// How far to go into the tail: the largest k whose estimate agrees with those of all smaller k within 3.5 of their
/// standard errors [Lepski 1990; Boucheron & Thomas 2015], then a quarter of it, because the k where bias begins to
/// show already has some. The difference between the two is added to the interval on either side (Student t, rows − 1).
/// Extremes come in clusters: where fewer than half of the rows, effectively, (ΣK)²/ΣK², hold the exceedances, neither
/// an estimate nor its error means much, and such k are shown but not used. At most a tenth of the values count as
/// tail. O(size · log). Throws InvalidInput for fewer than 8 rows, values that are not finite or not positive, or too
/// few values for kFewestExceedances in their largest tenth; NotConverged when the largest values are equal, or all
/// from few rows.
[[nodiscard]] TailFit hill_tail(const RowMatrix& values, double confidence);

}  // namespace brink
