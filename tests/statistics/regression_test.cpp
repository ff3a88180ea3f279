#include "brink/statistics/regression.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "calibration.hpp"

using namespace brink;
using namespace calibration;

namespace {

int slopes_cover(int trials) {
  oracle::Random random(41);
  int covered = 0;
  for (int i = 0; i < trials; ++i) {
    std::vector<double> x;
    std::vector<double> y;
    for (double b = 1; b <= 256; b *= 2) {
      x.push_back(b);
      y.push_back(3 / b * std::exp(0.3 * random.normal()));
    }
    const Interval interval = t_interval(fit_power_law(x, y).slope, 0.95);
    covered += interval.lower < -1 && interval.upper > -1;
  }
  return covered;
}

int drifts_seen(int trials, double phi, int size, double change) {
  oracle::Random random(42);
  int seen = 0;
  for (int i = 0; i < trials; ++i) {
    auto series = autoregression(random, phi, size);
    for (int t = 0; t < size; ++t) series[static_cast<std::size_t>(t)] += change * t / size;
    const Drift drift = trace_drift(series);
    seen += t_test(drift.change, 0, Alternative::different) <= 0.05;
  }
  return seen;
}

int breaks_cover(int trials) {
  oracle::Random random(43);
  int covered = 0;
  for (int i = 0; i < trials; ++i) {
    std::vector<double> x;
    std::vector<double> y;
    for (int k = 0; k < 20; ++k) {
      x.push_back(0.5 * k);
      y.push_back(std::min(0.5 * k, 4.3) + 0.3 * random.normal());
    }
    const BrokenLineFit fit = fit_broken_line(x, y, 0.95);
    covered += fit.interval.lower <= 4.3 && fit.interval.upper >= 4.3;
  }
  return covered;
}

}  // namespace

TEST_CASE("a line by hand", "[statistics][fast]") {
  const LineFit fit = fit_line({0, 1, 2, 3}, {1, 3, 4, 8});
  CHECK(fit.slope.value == Approx(2.2));
  CHECK(fit.intercept == Approx(0.7));
  CHECK(fit.residual_deviation == Approx(std::sqrt(1.8 / 2)));
  CHECK(fit.slope.standard_error == Approx(std::sqrt(0.9 / 5)));
  CHECK(fit.slope.degrees_of_freedom == 2);
  CHECK(fit_power_law({1, 2, 4}, {5, 2.5, 1.25}).slope.value == Approx(-1));
}

TEST_CASE("intervals of a power law's exponent cover", "[statistics][fast]") {
  check_at_least(slopes_cover(2000), 2000, 0.95);
  check_at_most(slopes_cover(2000), 2000, 0.95);
}

TEST_CASE("a plateau is rarely taken for a drift, and a drift is seen", "[statistics][fast]") {
  // Stretches of ten autocorrelation times are independent to a few percent: a little above the level.
  check_at_most(drifts_seen(500, 0.5, 1000, 0), 500, 0.07);
  CHECK(drifts_seen(100, 0.5, 1000, 1) > 95);
}
TEST_CASE("a plateau is rarely taken for a drift, many trials", "[statistics][slow]") {
  check_at_most(drifts_seen(10'000, 0.5, 1000, 0), 10'000, 0.065);
  check_at_most(drifts_seen(5000, 0.9, 4000, 0), 5000, 0.065);
  check_at_least(drifts_seen(5000, 0.9, 4000, 0), 5000, 0.035);
}

TEST_CASE("a drift by construction", "[statistics][fast]") {
  std::vector<double> series;
  for (int i = 0; i < 1000; ++i) series.push_back(5 + 2 * i / 1000.0);
  const Drift drift = trace_drift(series);
  CHECK(drift.change.value == Approx(2).epsilon(1e-9));
  CHECK(drift.mean == Approx(5.999));
  oracle::Random random(2);
  CHECK(trace_drift(autoregression(random, 0.99, 300)).is_correlated);
}

TEST_CASE("the isotonic fit is the projection onto monotone sequences", "[statistics][fast]") {
  CHECK(isotonic_fit({1, 3, 2, 4}) == std::vector<double>{1, 2.5, 2.5, 4});
  CHECK(isotonic_fit({3, 2, 1}) == std::vector<double>{2, 2, 2});
  CHECK(isotonic_fit({3, 0}, {1, 2}) == std::vector<double>{1, 1});
  oracle::Random random(7);
  for (int i = 0; i < 50; ++i) {
    const auto y = normals(random, 12);
    const auto fit = isotonic_fit(y);
    double residual_along_fit = 0;  // ⟨y − f, f⟩ = 0, and ⟨y − f, g⟩ ≤ 0 for monotone g
    double residual_along_step = 0;
    for (std::size_t k = 0; k < y.size(); ++k) {
      residual_along_fit += (y[k] - fit[k]) * fit[k];
      residual_along_step += (y[k] - fit[k]) * (k >= 5 ? 1 : 0);
      if (k > 0) CHECK(fit[k] >= fit[k - 1]);
    }
    CHECK(residual_along_fit == Approx(0).margin(1e-12));
    CHECK(residual_along_step <= 1e-12);
  }
}

TEST_CASE("crossings of monotone curves, and curves that do not cross", "[statistics][fast]") {
  CHECK(*isotonic_crossing({0, 1, 2, 3}, {0, 1, 2, 3}, 1.25).x == Approx(1.25));
  CHECK(*isotonic_crossing({0, 1, 2, 3}, {9, 5, 5.5, 1}, 3).x == Approx(2 + 2.25 / 4.25));
  CHECK(*isotonic_crossing({0, 1, 2}, {0, 1, 1}, 1).x == Approx(1));
  CHECK(*isotonic_crossing({0, 1}, {0, 1}, 0).x == 0);
  const Crossing before = isotonic_crossing({1, 2}, {5, 6}, 4);
  CHECK_FALSE(before.x);
  CHECK(before.censored.upper == 1);
  const Crossing after = isotonic_crossing({1, 2}, {5, 6}, 7);
  CHECK_FALSE(after.x);
  CHECK(after.censored.lower == 2);
}

TEST_CASE("a broken line is found where it breaks", "[statistics][fast]") {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i < 15; ++i) {
    x.push_back(i);
    y.push_back(i < 6.4 ? 2 + 0.5 * i : 2 + 0.5 * 6.4 - 0.1 * (i - 6.4));
  }
  const BrokenLineFit fit = fit_broken_line(x, y, 0.95);
  CHECK(fit.break_point == Approx(6.4).epsilon(1e-6));
  CHECK(fit.slope_before == Approx(0.5));
  CHECK(fit.slope_after == Approx(-0.1));
  CHECK(fit.value_at_break == Approx(5.2));
  CHECK(fit.interval.lower == Approx(6.4).epsilon(1e-4));
}

TEST_CASE("intervals of a break cover", "[statistics][fast]") { check_at_least(breaks_cover(300), 300, 0.93); }
TEST_CASE("intervals of a break cover, many trials", "[statistics][slow]") {
  check_at_least(breaks_cover(5000), 5000, 0.94);
  check_at_most(breaks_cover(5000), 5000, 0.97);
}

TEST_CASE("arguments of regressions are checked", "[statistics][fast]") {
  CHECK_THROWS_AS(fit_line({1, 2}, {1, 2}), InvalidInput);
  CHECK_THROWS_AS(fit_line({1, 1, 1}, {1, 2, 3}), InvalidInput);
  CHECK_THROWS_AS(fit_power_law({0, 1, 2}, {1, 2, 3}), InvalidInput);
  CHECK_THROWS_AS(trace_drift({1, 2, 3}), InvalidInput);
  CHECK_THROWS_AS(isotonic_fit({1, 2}, {1}), InvalidInput);
  CHECK_THROWS_AS(isotonic_crossing({2, 1}, {1, 2}, 1), InvalidInput);
  CHECK_THROWS_AS(fit_broken_line({1, 2, 3}, {1, 2, 3}, 0.95), InvalidInput);
}
