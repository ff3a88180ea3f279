#include "brink/statistics/intervals.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"

using namespace brink;

namespace {

/// P(X ≤ successes), X binomial.
double binomial_cdf(std::int64_t successes, std::int64_t trials, double probability) {
  const auto n = static_cast<double>(trials);
  double sum = 0;
  for (std::int64_t i = 0; i <= successes; ++i) {
    const auto k = static_cast<double>(i);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(probability) +
                    (n - k) * std::log1p(-probability));
  }
  return sum;
}

}  // namespace

TEST_CASE("quantiles and p-values have the values of the tables", "[statistics][fast]") {
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-13));
  CHECK(normal_two_sided_p(1.959963984540054) == Approx(0.05).epsilon(1e-12));
  CHECK(normal_two_sided_p(-10) == Approx(1.523970604832107e-23).epsilon(1e-10));
  CHECK(student_quantile(0.975, 31) == Approx(2.0395134463964).epsilon(1e-11));
  CHECK(student_quantile(0.75, 1) == Approx(1).epsilon(1e-13));  // Cauchy
  CHECK(normal_cdf(-1.959963984540054) == Approx(0.025).epsilon(1e-12));
  CHECK(student_cdf(1, 1) == Approx(0.75).epsilon(1e-13));
  CHECK(student_cdf(-2.0395134463964, 31) == Approx(0.025).epsilon(1e-11));
  CHECK(student_cdf(-2, std::numeric_limits<double>::infinity()) == Approx(normal_cdf(-2)).epsilon(1e-14));
  CHECK(student_cdf(-std::numeric_limits<double>::infinity(), 3) == 0);
  CHECK(student_cdf(std::numeric_limits<double>::infinity(), 3) == 1);
  CHECK(student_two_sided_p(-1, 1) == Approx(0.5).epsilon(1e-13));
  CHECK(student_quantile(0.9, std::numeric_limits<double>::infinity()) == Approx(normal_quantile(0.9)).epsilon(1e-14));
  CHECK(chi_squared_p(3.841458820694124, 1) == Approx(0.05).epsilon(1e-12));
  CHECK(chi_squared_p(2, 2) == Approx(std::exp(-1.0)).epsilon(1e-13));
}

TEST_CASE("scores on the scale of the normal keep their p-value and sign", "[statistics][fast]") {
  for (const double t : {-4.0, -0.3, 0.0, 1.0, 7.0}) {
    const double z = student_to_normal(t, 9);
    CHECK(std::signbit(z) == std::signbit(t));
    CHECK(normal_two_sided_p(z) == Approx(student_two_sided_p(t, 9)).epsilon(1e-10));
  }
  CHECK(std::isfinite(student_to_normal(std::numeric_limits<double>::infinity(), 5)));
}

TEST_CASE("the exact interval of a probability has the stated tails", "[statistics][fast]") {
  for (const auto& [successes, trials] : {std::pair{190, 200}, {1, 20}, {7, 10}}) {
    const Interval interval = clopper_pearson(successes, trials, 0.95);
    CHECK(1 - binomial_cdf(successes - 1, trials, interval.lower) == Approx(0.025).epsilon(1e-9));
    CHECK(binomial_cdf(successes, trials, interval.upper) == Approx(0.025).epsilon(1e-9));
  }
  CHECK(clopper_pearson(0, 10, 0.9).lower == 0);
  CHECK(clopper_pearson(10, 10, 0.9).upper == 1);
  CHECK(clopper_pearson(10, 10, 0.9).lower == Approx(std::pow(0.05, 0.1)).epsilon(1e-12));
}

TEST_CASE("exact binomial tests are the sums of their tails", "[statistics][fast]") {
  CHECK(binomial_at_least(7, 10, 0.4) == Approx(1 - binomial_cdf(6, 10, 0.4)).epsilon(1e-10));
  CHECK(binomial_at_most(3, 10, 0.4) == Approx(binomial_cdf(3, 10, 0.4)).epsilon(1e-10));
  CHECK(binomial_at_least(0, 10, 0.4) == 1);
  CHECK(binomial_at_most(10, 10, 0.4) == 1);
  CHECK(binomial_at_least(1, 10, 0) == 0);
  CHECK_THROWS_AS(binomial_at_least(11, 10, 0.5), InvalidInput);
  // The level is kept by every probability, by enumeration of all outcomes.
  for (const double probability : {0.03, 0.2, 0.5}) {
    double rejected = 0;
    for (std::int64_t k = 0; k <= 40; ++k) {
      if (binomial_at_least(k, 40, probability) > 0.05) continue;
      rejected += binomial_cdf(k, 40, probability) - (k > 0 ? binomial_cdf(k - 1, 40, probability) : 0);
    }
    CHECK(rejected <= 0.05);
  }
}

TEST_CASE("arguments of distributions are checked", "[statistics][fast]") {
  CHECK_THROWS_AS(normal_quantile(1), InvalidInput);
  CHECK_THROWS_AS(student_quantile(0.5, 0), InvalidInput);
  CHECK_THROWS_AS(chi_squared_p(-1, 2), InvalidInput);
  CHECK_THROWS_AS(clopper_pearson(3, 2, 0.95), InvalidInput);
  CHECK_THROWS_AS(bonferroni_level(0.05, 0), InvalidInput);
  CHECK(bonferroni_level(0.05, 10) == Approx(0.005));
}
