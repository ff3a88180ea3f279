#include "brink/statistics/time_series.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/statistics/intervals.hpp"
#include "oracle/random.hpp"

using namespace brink;

namespace {

/// y⁺ = φy + ξ with unit innovations, started in its stationary state: τ = (1+φ)/(1−φ), mean 0.
std::vector<double> autoregression(double phi, int size, std::uint64_t seed) {
  oracle::Random random(seed);
  std::vector<double> series;
  double y = random.normal() / std::sqrt(1 - phi * phi);
  for (int i = 0; i < size; ++i) {
    series.push_back(y);
    y = phi * y + random.normal();
  }
  return series;
}

}  // namespace

TEST_CASE("autocorrelation time of an autoregression", "[statistics][fast]") {
  for (const double phi : {-0.6, 0.0, 0.5, 0.9}) {
    CAPTURE(phi);
    const double exact = (1 + phi) / (1 - phi);
    CHECK(autocorrelation_time(autoregression(phi, 100'000, 5)) == Approx(exact).epsilon(0.1));
  }
  CHECK(autocorrelation_time(std::vector<double>(100, 3.7)) == 1);
  CHECK(autocorrelation_time({1, -1, 1, -1, 1, -1}) > 0);
  CHECK_THROWS_AS(autocorrelation_time({1}), InvalidInput);
}

TEST_CASE("batch means by hand", "[statistics][fast]") {
  const BatchMeans result = batch_means({1, 3, 5, 7, 100}, 2);  // means 2 and 6; 100 counts for the mean only
  CHECK(result.mean == Approx(23.2));
  CHECK(result.standard_error == Approx(2));
  CHECK(result.degrees_of_freedom == 1);
  CHECK_THROWS_AS(batch_means({1, 2}, 3), InvalidInput);
}

TEST_CASE("intervals from batch means cover", "[statistics][fast]") {
  // τ = 3 and 19: 32 batches of 100 steps, and 16 or fewer of 200.
  for (const double phi : {0.5, 0.9}) {
    int covered = 0;
    int correlated = 0;  // says the estimated autocorrelation time, which scatters itself
    constexpr int runs = 500;
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
      const BatchMeans result = batch_means_adaptive(autoregression(phi, 3200, 1000 + seed), 32);
      correlated += result.is_correlated;
      if (phi > 0.8) CHECK(result.batches < 32);
      covered += std::abs(result.mean) < student_quantile(0.975, result.degrees_of_freedom) * result.standard_error;
    }
    CAPTURE(phi, covered, correlated);
    CHECK(correlated <= 0.05 * runs);
    CHECK(clopper_pearson(covered, runs, 0.999).lower < 0.95);
    CHECK(clopper_pearson(covered, runs, 0.999).upper > 0.93);  // batches are independent to a few percent only
  }
}

TEST_CASE("a series shorter than its memory says so", "[statistics][fast]") {
  CHECK(batch_means_adaptive(autoregression(0.99, 1000, 3), 32).is_correlated);
}
