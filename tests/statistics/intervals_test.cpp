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

TEST_CASE("arguments of distributions are checked", "[statistics][fast]") {
  CHECK_THROWS_AS(normal_quantile(1), InvalidInput);
  CHECK_THROWS_AS(student_quantile(0.5, 0), InvalidInput);
  CHECK_THROWS_AS(chi_squared_p(-1, 2), InvalidInput);
  CHECK_THROWS_AS(clopper_pearson(3, 2, 0.95), InvalidInput);
  CHECK_THROWS_AS(bonferroni_level(0.05, 0), InvalidInput);
  CHECK(bonferroni_level(0.05, 10) == Approx(0.005));
}
