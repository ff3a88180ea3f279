#pragma once
// Quantiles, p-values and intervals of the few distributions that measured numbers need.

#include <cstdint>

namespace brink {

/// x with P(Z ≤ x) = probability, Z standard normal. 0 < probability < 1.
[[nodiscard]] double normal_quantile(double probability);

/// P(Z ≤ z).
[[nodiscard]] double normal_cdf(double z);

/// P(|Z| ≥ |z|).
[[nodiscard]] double normal_two_sided_p(double z);

/// x with P(T ≤ x) = probability, T Student t. degrees_of_freedom > 0, need not be an integer; infinity is the normal.
[[nodiscard]] double student_quantile(double probability, double degrees_of_freedom);

/// P(T ≤ t).
[[nodiscard]] double student_cdf(double t, double degrees_of_freedom);

/// P(|T| ≥ |t|).
[[nodiscard]] double student_two_sided_p(double t, double degrees_of_freedom);

/// The z-score with the two-sided p-value that t has: Student scores with different degrees of freedom on one scale.
[[nodiscard]] double student_to_normal(double t, double degrees_of_freedom);

/// P(χ² ≥ x) with degrees_of_freedom > 0, x ≥ 0.
[[nodiscard]] double chi_squared_p(double x, double degrees_of_freedom);

/// The level of each of `comparisons` tests so that the probability of any false alarm is at most `level` [Bonferroni].
[[nodiscard]] double bonferroni_level(double level, std::int64_t comparisons);

struct Interval {
  double lower = 0;
  double upper = 0;
};

/// Exact interval for a probability from `successes` in `trials` [Clopper & Pearson 1934]: covers with probability at
/// least `confidence`, 0 < confidence < 1, 0 ≤ successes ≤ trials, trials ≥ 1.
[[nodiscard]] Interval clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence);

/// P(X ≥ successes), X binomial: the exact p-value of "the probability is at most `probability`". 0 ≤ probability ≤ 1.
[[nodiscard]] double binomial_at_least(std::int64_t successes, std::int64_t trials, double probability);

/// P(X ≤ successes): the exact p-value of "the probability is at least `probability`".
[[nodiscard]] double binomial_at_most(std::int64_t successes, std::int64_t trials, double probability);

}  // namespace brink
