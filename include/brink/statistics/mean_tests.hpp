#pragma once
// Tests and intervals of means: Student, Welch, equivalence; and the power they have.
//
// A claim "the mean is a" is never shown by a test that fails to reject it. It is shown by an equivalence test: the
// mean lies within a margin of a that was named beforehand. equivalence_test gives both p-values, of "outside the
// margin" (small: the claim is shown) and of "inside the margin" (small: the claim is refuted); neither small: cannot
// tell.

#include <optional>
#include <vector>

#include "brink/statistics/intervals.hpp"

namespace brink {

/// A mean, or a difference of means, as it was measured. A standard error of 0 stands for values that are all equal:
/// every p-value is then 0 or 1.
struct MeanEstimate {
  double value = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;  ///< Student t
};

/// Which side of the hypothesized value would count as evidence.
enum class Alternative { greater, less, different };

/// x̄ with s/√n and n − 1. At least 2 values, all finite, or InvalidInput.
[[nodiscard]] MeanEstimate mean_estimate(const std::vector<double>& values);

/// x̄ − ȳ for unequal variances [Welch 1947]: se² = s²/n + t²/m, with Satterthwaite's degrees of freedom. At least 2
/// values each.
[[nodiscard]] MeanEstimate welch_difference(const std::vector<double>& x, const std::vector<double>& y);

/// The interval that covers with probability `confidence` if the values are normal.
[[nodiscard]] Interval t_interval(const MeanEstimate& estimate, double confidence);

/// p-value of "the mean is `hypothesized`" against the alternative.
[[nodiscard]] double t_test(const MeanEstimate& estimate, double hypothesized, Alternative alternative);

struct EquivalenceTest {
  double p_outside = 1;  ///< of "the mean is ≤ lower or ≥ upper": the larger of two one-sided tests [Schuirmann 1987]
  double p_inside = 1;  ///< of "lower ≤ mean ≤ upper"
};

/// Both tests of the margin (lower, upper), lower < upper; one end may be infinite: a one-sided claim. Rejecting
/// "outside" at level α is the same as the interval of confidence 1 − 2α lying inside.
[[nodiscard]] EquivalenceTest equivalence_test(const MeanEstimate& estimate, double lower, double upper);

/// P(equivalence_test gives p_outside ≤ level) for n normal values of the given mean and standard deviation, n ≥ 2,
/// standard_deviation > 0, by quadrature over the law of s. Error below 1e-6. One end may be infinite: then it is the
/// power of the one-sided t-test.
[[nodiscard]] double equivalence_power(double mean, double standard_deviation, std::int64_t n, double lower,
                                       double upper, double level);

/// The smallest n with at least that power; absent when `most` are not enough, or the mean is outside the margin.
[[nodiscard]] std::optional<std::int64_t> values_for_power(double mean, double standard_deviation, double lower,
                                                           double upper, double level, double power,
                                                           std::int64_t most = 1'000'000);

/// An upper limit of the standard deviation of normal values, one-sided: s √((n − 1)/χ²_{1−confidence}). A pilot of few
/// values underestimates the spread half of the time; power planned on this limit holds with `confidence`.
[[nodiscard]] double standard_deviation_limit(double standard_deviation, std::int64_t n, double confidence);

}  // namespace brink
