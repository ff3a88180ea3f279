#include "brink/statistics/onset.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/statistics/mean_tests.hpp"
#include "calibration.hpp"

using namespace brink;
using namespace calibration;

namespace {

/// An onset as looks at 50·1.5^k, k = 0 … 5, see it.
CensoredOnset seen(double onset) {
  double before = 0;
  for (double look = 50; look < 400; look *= 1.5) {
    if (onset <= look) return {before, look};
    before = look;
  }
  return {before, kInfinity};
}

int onsets_cover(int trials, int n) {
  oracle::Random random(51);
  int covered = 0;
  int undetermined = 0;
  for (int i = 0; i < trials; ++i) {
    std::vector<CensoredOnset> onsets;
    for (int k = 0; k < n; ++k) onsets.push_back(seen(150 * std::exp(0.6 * random.normal())));
    try {
      const OnsetFit fit = fit_onset(onsets, 0.95);
      covered += fit.interval.lower <= 150 && fit.interval.upper >= 150;
    } catch (const NotConverged&) {
      ++undetermined;  // all within two neighbouring looks
    }
  }
  CHECK(undetermined < 0.01 * trials);
  return covered;
}

}  // namespace

TEST_CASE("onsets seen themselves give the normal law of their logarithms", "[statistics][fast]") {
  const std::vector<double> times = {20, 35, 50, 90, 200};
  std::vector<CensoredOnset> onsets;
  std::vector<double> logs;
  for (const double time : times) {
    onsets.push_back({time, time});
    logs.push_back(std::log(time));
  }
  const OnsetFit fit = fit_onset(onsets, 0.9);
  const MeanEstimate mean = mean_estimate(logs);
  CHECK(std::log(fit.median) == Approx(mean.value).epsilon(1e-7));
  CHECK(fit.spread == Approx(mean.standard_error * std::sqrt(5.0) * std::sqrt(4.0 / 5)).epsilon(1e-6));
  const Interval interval = t_interval(mean, 0.9);  // the profile with F is Student's interval
  CHECK(std::log(fit.interval.lower) == Approx(interval.lower).epsilon(1e-5));
  CHECK(std::log(fit.interval.upper) == Approx(interval.upper).epsilon(1e-5));
}

TEST_CASE("narrow intervals around onsets change little, censored ones pull", "[statistics][fast]") {
  std::vector<CensoredOnset> exact;
  std::vector<CensoredOnset> narrow;
  oracle::Random random(3);
  for (int i = 0; i < 40; ++i) {
    const double onset = 100 * std::exp(0.5 * random.normal());
    exact.push_back({onset, onset});
    narrow.push_back({onset * 0.99, onset * 1.01});
  }
  const OnsetFit reference = fit_onset(exact, 0.95);
  CHECK(fit_onset(narrow, 0.95).median == Approx(reference.median).epsilon(1e-3));
  for (int i = 0; i < 20; ++i) exact.push_back({300, kInfinity});
  CHECK(fit_onset(exact, 0.95).median > 1.2 * reference.median);
}

TEST_CASE("intervals of the median onset cover", "[statistics]") { check_at_least(onsets_cover(300, 12), 300, 0.93); }
TEST_CASE("intervals of the median onset cover, many trials", "[statistics][slow]") {
  check_at_least(onsets_cover(5000, 12), 5000, 0.94);
  check_at_least(onsets_cover(5000, 40), 5000, 0.94);
  check_at_most(onsets_cover(5000, 40), 5000, 0.965);
}

TEST_CASE("onsets that say nothing are refused", "[statistics][fast]") {
  CHECK_THROWS_AS(fit_onset({{1, 2}, {1, 2}}, 0.95), InvalidInput);
  CHECK_THROWS_AS(fit_onset({{2, 1}, {1, 2}, {1, 2}}, 0.95), InvalidInput);
  CHECK_THROWS_AS(fit_onset({{0, kInfinity}, {1, 2}, {1, 2}}, 0.95), InvalidInput);
  CHECK_THROWS_AS(fit_onset({{1, 3}, {2, 4}, {1, 5}}, 0.95), NotConverged);
  CHECK_THROWS_AS(fit_onset({{5, kInfinity}, {6, kInfinity}, {7, kInfinity}}, 0.95), NotConverged);
}
