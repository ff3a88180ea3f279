#include "brink/statistics/resampling.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "brink/base/error.hpp"
#include "calibration.hpp"

using namespace brink;
using namespace calibration;

namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(const std::vector<double>& values) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

std::vector<double> exponentials(oracle::Random& random, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(-std::log(random.uniform()));
  return values;
}

/// Coverage of a nominal 95% for the mean of n skewed values; percentile intervals of the same data fall further short.
int bca_covers(int trials, int n) {
  oracle::Random random(21);
  int covered = 0;
  for (int i = 0; i < trials; ++i) {
    BootstrapOptions options;
    options.resamples = 1000;
    options.seed = static_cast<std::uint64_t>(i);
    const auto result = bootstrap_bca(exponentials(random, n), mean, options);
    covered += result.interval.lower <= 1 && result.interval.upper >= 1;
  }
  return covered;
}

int blocks_cover(int trials, double phi, int size) {
  oracle::Random random(22);
  int covered = 0;
  for (int i = 0; i < trials; ++i) {
    BootstrapOptions options;
    options.resamples = 200;
    options.seed = static_cast<std::uint64_t>(i);
    const auto result = block_bootstrap(autoregression(random, phi, size), mean, options);
    covered += result.interval.lower <= 0 && result.interval.upper >= 0;
  }
  return covered;
}

int permutations_reject(int trials, int n, int m, double shift, Alternative alternative) {
  oracle::Random random(23);
  int rejected = 0;
  for (int i = 0; i < trials; ++i) {
    BootstrapOptions options;
    options.resamples = 399;
    options.seed = static_cast<std::uint64_t>(i);
    auto x = exponentials(random, n);
    for (double& value : x) value += shift;
    rejected += permutation_test(x, exponentials(random, m), alternative, options).p_value <= 0.05;
  }
  return rejected;
}

}  // namespace

TEST_CASE("the bootstrap of a mean knows its standard error, bias and skewness", "[statistics][fast]") {
  oracle::Random random(5);
  const auto values = exponentials(random, 60);
  BootstrapOptions options;
  options.resamples = 20'000;
  const auto result = bootstrap_bca(values, mean, options);
  const MeanEstimate estimate = mean_estimate(values);
  CHECK(result.value == Approx(estimate.value));
  CHECK(result.standard_error == Approx(estimate.standard_error * std::sqrt(59.0 / 60)).epsilon(0.02));
  CHECK(std::abs(result.bias) < 0.02 * result.standard_error);
  CHECK(result.acceleration > 0);  // skewed to the right
  CHECK(result.interval.upper - result.value > result.value - result.interval.lower);
  CHECK_FALSE(result.extrapolated);
  const auto again = bootstrap_bca(values, mean, options);
  CHECK(again.interval.lower == result.interval.lower);
  CHECK(bootstrap_bca({2, 2, 2}, mean).interval.lower == 2);
}

TEST_CASE("BCa intervals transform with the statistic", "[statistics][fast]") {
  oracle::Random random(6);
  const auto values = exponentials(random, 31);
  const auto plain = bootstrap_bca(values, median);
  const auto squared = bootstrap_bca(values, [](const auto& v) { return median(v) * median(v); });
  // The jackknife of a median is coarse: a and its square differ a little in acceleration.
  CHECK(squared.interval.lower == Approx(plain.interval.lower * plain.interval.lower).epsilon(0.15));
  CHECK(squared.interval.upper == Approx(plain.interval.upper * plain.interval.upper).epsilon(0.15));
}

TEST_CASE("BCa intervals cover, with many values nearly as stated", "[statistics][fast]") {
  check_at_least(bca_covers(300, 30), 300, 0.90);
}
TEST_CASE("BCa intervals cover, many trials", "[statistics][slow]") {
  check_at_least(bca_covers(4000, 30), 4000, 0.92);
  check_at_least(bca_covers(2000, 100), 2000, 0.935);
  check_at_least(bca_covers(4000, 10), 4000, 0.86);  // and a few percent too little with few
}

TEST_CASE("block intervals of autocorrelated means cover", "[statistics][fast]") {
  check_at_least(blocks_cover(200, 0.5, 1000), 200, 0.92);
}
TEST_CASE("block intervals of autocorrelated means cover, many trials", "[statistics][slow]") {
  const auto short_memory = blocks_cover(1000, 0.5, 1000);
  check_at_least(short_memory, 1000, 0.92);
  check_at_most(short_memory, 1000, 0.96);
  check_at_least(blocks_cover(500, 0.9, 8000), 500, 0.92);
}

TEST_CASE("effective samples of an autoregression", "[statistics][fast]") {
  oracle::Random random(8);
  const auto result = block_bootstrap(autoregression(random, 0.8, 20'000), mean);
  CHECK(result.effective_samples == Approx(20'000.0 / 9).epsilon(0.15));
  CHECK_FALSE(result.is_correlated);
  CHECK(block_bootstrap(autoregression(random, 0.999, 200), mean).is_correlated);
}

TEST_CASE("permutation tests by enumeration", "[statistics][fast]") {
  // 20 ways to deal 3 of 6: the observed one is the most extreme.
  const auto result = permutation_test({4, 5, 6}, {1, 2, 3}, Alternative::greater);
  CHECK(result.exact);
  CHECK(result.orders == 20);
  CHECK(result.p_value == Approx(1.0 / 20));
  CHECK(result.difference == Approx(3));
  CHECK(permutation_test({4, 5, 6}, {1, 2, 3}, Alternative::different).p_value == Approx(2.0 / 20));
  CHECK(permutation_test({4, 5, 6}, {1, 2, 3}, Alternative::less).p_value == 1);
  CHECK(sign_flip_test({1, 2, 3}, Alternative::greater).p_value == Approx(1.0 / 8));
  CHECK(sign_flip_test({1, -2, 3}, Alternative::different).p_value == Approx(6.0 / 8));
}

TEST_CASE("permutation tests keep their level and see an effect", "[statistics][fast]") {
  check_at_most(permutations_reject(1000, 4, 7, 0, Alternative::different), 1000, 0.05);  // 330 orders, all of them
  check_at_most(permutations_reject(1000, 15, 10, 0, Alternative::greater), 1000, 0.05);  // random ones
  CHECK(permutations_reject(300, 15, 10, 2, Alternative::greater) > 250);
}
TEST_CASE("permutation tests keep their level, many trials", "[statistics][slow]") {
  check_at_most(permutations_reject(20'000, 15, 10, 0, Alternative::different), 20'000, 0.05);
  check_at_least(permutations_reject(20'000, 15, 10, 0, Alternative::different), 20'000, 0.045);
}

TEST_CASE("sign changes keep their level", "[statistics][fast]") {
  oracle::Random random(31);
  int rejected = 0;
  constexpr int trials = 1500;
  for (int i = 0; i < trials; ++i) {
    BootstrapOptions options;
    options.resamples = 399;
    options.seed = static_cast<std::uint64_t>(i);
    rejected += sign_flip_test(normals(random, 12, 0, 1 + i % 3), Alternative::greater, options).p_value <= 0.05;
  }
  check_at_most(rejected, trials, 0.05);
  check_at_least(rejected, trials, 0.04);
}

TEST_CASE("arguments of resampling are checked", "[statistics][fast]") {
  CHECK_THROWS_AS(bootstrap_bca({1, 2}, mean), InvalidInput);
  CHECK_THROWS_AS(bootstrap_bca({1, 2, 3}, [](const auto&) { return std::nan(""); }), InvalidInput);
  CHECK_THROWS_AS(block_bootstrap({1, 2, 3}, mean), InvalidInput);
  CHECK_THROWS_AS(permutation_test({}, {1}, Alternative::greater), InvalidInput);
  BootstrapOptions few;
  few.resamples = 10;
  CHECK_THROWS_AS(sign_flip_test({1}, Alternative::greater, few), InvalidInput);
}
