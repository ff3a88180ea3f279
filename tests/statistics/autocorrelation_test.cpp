#include "brink/statistics/autocorrelation.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/random.hpp"

using namespace brink;

namespace {

/// y⁺ = φ y + √(1 − φ²) normal, stationary from the start, and a level of its own.
RowMatrix autoregressive(Index rows, Index steps, double phi, std::uint64_t seed) {
  oracle::Random random(seed);
  RowMatrix series(rows, steps);
  for (Index i = 0; i < rows; ++i) {
    double y = random.normal();
    for (Index t = 0; t < steps; ++t) {
      series(i, t) = 100 + y;
      y = phi * y + std::sqrt(1 - phi * phi) * random.normal();
    }
  }
  return series;
}

}  // namespace

TEST_CASE("the autocorrelation of a first-order process is geometric", "[statistics][fast]") {
  const double phi = 0.8;
  const auto result = autocorrelation(autoregressive(200, 2000, phi, 5), 500);
  REQUIRE(result.decay);
  CHECK(result.curve.size() < 100);  // ends where nothing is left
  CHECK(result.curve[0].value == 1);
  for (const Index lag : {1, 2, 5, 10}) {
    const Correlation& at = result.curve[static_cast<std::size_t>(lag)];
    CHECK(at.lag == lag);
    CHECK(std::abs(at.value - std::pow(phi, static_cast<double>(lag))) < 4.5 * at.standard_error);
    CHECK(at.standard_error < 0.01);
  }
  CHECK(result.decay->from == 5);  // 0.8^4 = 0.41, 0.8^5 = 0.33
  CHECK(std::abs(result.decay->value + std::log(phi)) < 4.5 * result.decay->standard_error);
  CHECK(result.decay->standard_error < 0.02);
}

TEST_CASE("intervals of a decay rate cover", "[statistics][fast]") {
  int covered = 0;
  for (std::uint64_t run = 0; run < 200; ++run) {
    const auto result = autocorrelation(autoregressive(32, 300, 0.7, 100 + run), 100);
    REQUIRE(result.decay);
    covered += std::abs(result.decay->value + std::log(0.7)) < 2.04 * result.decay->standard_error;  // t, 31
  }
  CHECK(covered >= 178);  // of 200 at 95%: fewer with probability 5e-4
}

TEST_CASE("no decay rate where there is none", "[statistics][fast]") {
  const auto white = autocorrelation(autoregressive(50, 400, 0, 3), 100);
  CHECK_FALSE(white.decay);
  CHECK(white.no_decay.find("lost") != std::string::npos);
  const auto alternating = autocorrelation(autoregressive(50, 400, -0.9, 3), 100);
  CHECK_FALSE(alternating.decay);
  const auto slow = autocorrelation(autoregressive(50, 400, 0.99, 3), 4);
  CHECK_FALSE(slow.decay);
  CHECK(slow.no_decay.find("longer lags") != std::string::npos);
}

TEST_CASE("autocorrelation refuses what makes no sense", "[statistics][fast]") {
  RowMatrix series = autoregressive(10, 40, 0.5, 1);
  CHECK_THROWS_AS(autocorrelation(series.topRows(7), 10), InvalidInput);
  CHECK_THROWS_AS(autocorrelation(series, 0), InvalidInput);
  CHECK_THROWS_AS(autocorrelation(series, 21), InvalidInput);
  CHECK_THROWS_AS(autocorrelation(RowMatrix::Ones(10, 40), 10), InvalidInput);
  series(3, 3) = std::nan("");
  CHECK_THROWS_AS(autocorrelation(series, 10), InvalidInput);
}
