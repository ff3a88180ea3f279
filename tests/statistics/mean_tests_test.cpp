#include "brink/statistics/mean_tests.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "calibration.hpp"

using namespace brink;
using namespace calibration;

namespace {

void check_levels(int trials) {
  oracle::Random random(11);
  constexpr double level = 0.05;
  int student = 0;
  int welch = 0;
  int covered = 0;
  int outside = 0;  // mean on the margin: neither claim may be rejected more often than the level
  int inside = 0;
  for (int i = 0; i < trials; ++i) {
    const auto x = normals(random, 6, 2);
    const auto y = normals(random, 20, 2, 4);
    const MeanEstimate mean = mean_estimate(x);
    student += t_test(mean, 2, Alternative::different) <= level;
    const MeanEstimate difference = welch_difference(x, y);
    welch += t_test(difference, 0, Alternative::different) <= level;
    const Interval interval = t_interval(difference, 1 - level);
    covered += interval.lower < 0 && interval.upper > 0;
    const EquivalenceTest test = equivalence_test(mean, -1, 2);
    outside += test.p_outside <= level;
    inside += test.p_inside <= level;
  }
  check_at_most(student, trials, level);
  check_at_least(student, trials, level);  // Student's test is exact
  // Welch's is not: 6 and 20 values with deviations 1 and 4 come to within half a percent.
  check_at_most(welch, trials, level + 0.005);
  check_at_least(covered, trials, 1 - level - 0.005);
  check_at_most(outside, trials, level);
  check_at_most(inside, trials, level);
}

void check_power(int trials) {
  oracle::Random random(12);
  struct Case {
    double mean, deviation;
    int n;
    double lower, upper;
  };
  for (const Case& c : {Case{0, 1, 12, -1, 1}, {0.3, 1, 20, -1, 1}, {0.8, 1, 12, 0, kInfinity}, {0, 1, 5, -0.8, 0.8}}) {
    CAPTURE(c.mean, c.n, c.lower, c.upper);
    const double announced = equivalence_power(c.mean, c.deviation, c.n, c.lower, c.upper, 0.05);
    int shown = 0;
    for (int i = 0; i < trials; ++i)
      shown += equivalence_test(mean_estimate(normals(random, c.n, c.mean, c.deviation)), c.lower, c.upper).p_outside <=
               0.05;
    check_at_most(shown, trials, announced);
    check_at_least(shown, trials, announced);
  }
}

}  // namespace

TEST_CASE("means and their tests by hand", "[statistics][fast]") {
  const MeanEstimate mean = mean_estimate({1, 2, 3, 6});
  CHECK(mean.value == Approx(3));
  CHECK(mean.standard_error == Approx(std::sqrt(14.0 / 12)));
  CHECK(mean.degrees_of_freedom == 3);
  CHECK(t_test(mean, 3, Alternative::different) == 1);
  CHECK(t_test(mean, 1, Alternative::greater) == Approx(0.5 * t_test(mean, 1, Alternative::different)));
  CHECK(t_test(mean, 1, Alternative::greater) + t_test(mean, 1, Alternative::less) == Approx(1));
  // Welch 1947 with equal sizes and spreads is Student with 2n − 2.
  const MeanEstimate difference = welch_difference({1, 2, 3}, {2, 3, 4});
  CHECK(difference.value == Approx(-1));
  CHECK(difference.degrees_of_freedom == Approx(4));
  CHECK(difference.standard_error == Approx(std::sqrt(2.0 / 3)));
}

TEST_CASE("equivalence agrees with its interval, and contradictory claims are never both shown", "[statistics][fast]") {
  oracle::Random random(4);
  for (int i = 0; i < 300; ++i) {
    const MeanEstimate mean = mean_estimate(normals(random, 5, random.uniform(-2, 2)));
    const EquivalenceTest test = equivalence_test(mean, -1, 1);
    const Interval interval = t_interval(mean, 0.9);
    CHECK((test.p_outside <= 0.05) == (interval.lower >= -1 && interval.upper <= 1));
    CHECK(test.p_outside + test.p_inside >= 1 - 1e-12);
  }
}

TEST_CASE("values that do not scatter decide at once", "[statistics][fast]") {
  const MeanEstimate same = mean_estimate({0.5, 0.5, 0.5});
  CHECK(equivalence_test(same, 0, 1).p_outside == 0);
  CHECK(equivalence_test(same, 0, 1).p_inside == 1);
  CHECK(equivalence_test(same, 1, 2).p_inside == 0);
  CHECK(t_test(same, 0.5, Alternative::different) == 1);
  CHECK(t_test(same, 0.4, Alternative::greater) == 0);
}

TEST_CASE("tests of means keep their level, intervals cover", "[statistics][fast]") { check_levels(4000); }
TEST_CASE("tests of means keep their level, many trials", "[statistics][slow]") { check_levels(200'000); }
TEST_CASE("announced power of an equivalence test is its power", "[statistics][fast]") { check_power(3000); }
TEST_CASE("announced power of an equivalence test, many trials", "[statistics][slow]") { check_power(200'000); }

TEST_CASE("power has its limits, and sample sizes are the smallest", "[statistics][fast]") {
  CHECK(equivalence_power(1, 1, 10, -1, 1, 0.05) < 0.05);  // on the margin
  CHECK(equivalence_power(0, 1, 1000, -1, 1, 0.05) == Approx(1));
  // One-sided t-test, effect 1, n = 10: noncentral t with δ = √10 beyond t₀.₉₅,₉ (R: power.t.test, 0.8975).
  CHECK(equivalence_power(1, 1, 10, 0, kInfinity, 0.05) == Approx(0.8975).margin(2e-4));
  const auto n = values_for_power(0, 1, -0.5, 0.5, 0.05, 0.9);
  REQUIRE(n);
  CHECK(equivalence_power(0, 1, *n, -0.5, 0.5, 0.05) >= 0.9);
  CHECK(equivalence_power(0, 1, *n - 1, -0.5, 0.5, 0.05) < 0.9);
  CHECK_FALSE(values_for_power(1, 1, -0.5, 0.5, 0.05, 0.9));
  CHECK_FALSE(values_for_power(0, 1, -0.001, 0.001, 0.05, 0.9, 1000));
}

TEST_CASE("the limit of a standard deviation is one in the stated share of pilots", "[statistics][fast]") {
  oracle::Random random(9);
  int above = 0;
  constexpr int trials = 4000;
  for (int i = 0; i < trials; ++i) {
    const MeanEstimate mean = mean_estimate(normals(random, 5));
    above += standard_deviation_limit(mean.standard_error * std::sqrt(5.0), 5, 0.8) >= 1;
  }
  check_at_most(above, trials, 0.8);
  check_at_least(above, trials, 0.8);
}

TEST_CASE("arguments of tests of means are checked", "[statistics][fast]") {
  CHECK_THROWS_AS(mean_estimate({1}), InvalidInput);
  CHECK_THROWS_AS(mean_estimate({1, std::nan("")}), InvalidInput);
  CHECK_THROWS_AS(equivalence_test({0, 1, 3}, 1, 1), InvalidInput);
  CHECK_THROWS_AS(equivalence_power(0, 0, 5, -1, 1, 0.05), InvalidInput);
  CHECK_THROWS_AS(t_interval({0, 1, 3}, 1), InvalidInput);
}
