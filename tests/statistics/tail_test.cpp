#include "brink/statistics/tail.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/random.hpp"

using namespace brink;

namespace {

/// How often intervals hold α, of `runs`, for rows made by `fill`.
template <class Fill>
int covered(double alpha, int runs, double confidence, const Fill& fill) {
  oracle::Random random(17);
  int count = 0;
  for (int run = 0; run < runs; ++run) {
    RowMatrix values(16, 400);
    fill(random, values);
    const TailFit fit = hill_tail(values, confidence);
    count += fit.interval.lower <= alpha && alpha <= fit.interval.upper;
  }
  return count;
}

}  // namespace

TEST_CASE("Hill's estimator by hand", "[statistics][fast]") {
  // The 64 exceedances of a row-by-row known set: u = e, values above it e^(1 + i/64).
  RowMatrix values = RowMatrix::Ones(8, 100);
  double sum = 0;
  for (int i = 0; i < 64; ++i) {
    values(i % 8, i / 8) = std::exp(1 + (i + 1) / 64.0);
    sum += (i + 1) / 64.0;
  }
  for (Index row = 0; row < 8; ++row) values(row, 50) = std::exp(1.0);
  const TailFit fit = hill_tail(values, 0.95);
  REQUIRE(fit.plot.size() == 1);
  CHECK(fit.plot[0].exceedances == 64);
  CHECK(fit.plot[0].threshold == Approx(std::exp(1.0)));
  CHECK(fit.plot[0].alpha == Approx(64 / sum).epsilon(1e-12));
}

TEST_CASE("the interval of a tail index covers", "[statistics]") {
  // Exact Pareto; a tail with a second term, 1 − F = 0.5 x^−α(1 + x^−α); and rows that repeat every value eight times,
  // where an interval that took the values for independent would be √8 times too narrow.
  constexpr int runs = 200;
  const double allowed = 0.9 * runs - 4 * std::sqrt(0.09 * runs);
  const auto pareto = [](oracle::Random& random, RowMatrix& values) {
    for (double& value : values.reshaped()) value = std::pow(random.uniform(), -1 / 1.5);
  };
  CHECK(covered(1.5, runs, 0.9, pareto) > allowed);
  const auto bent = [](oracle::Random& random, RowMatrix& values) {
    for (double& value : values.reshaped()) {
      const double u = random.uniform();  // y = x^−α solves y(1 + y)/2 = u
      value = std::pow(0.5 * (std::sqrt(1 + 8 * u) - 1), -1 / 1.5);
    }
  };
  CHECK(covered(1.5, runs, 0.9, bent) > allowed);
  const auto repeated = [](oracle::Random& random, RowMatrix& values) {
    for (Index i = 0; i < values.size(); ++i) {
      values.data()[i] = i % 8 == 0 ? std::pow(random.uniform(), -1 / 1.5) : values.data()[i - 1];
    }
  };
  CHECK(covered(1.5, runs, 0.9, repeated) > allowed);
}

TEST_CASE("tails refuse what they cannot see", "[statistics][fast]") {
  CHECK_THROWS_AS(hill_tail(RowMatrix::Ones(7, 1000), 0.95), InvalidInput);
  CHECK_THROWS_AS(hill_tail(RowMatrix::Ones(8, 80), 0.95), InvalidInput);
  CHECK_THROWS_AS(hill_tail(RowMatrix::Zero(8, 100), 0.95), InvalidInput);
  CHECK_THROWS_AS(hill_tail(RowMatrix::Ones(8, 100), 0.95), NotConverged);
  RowMatrix values = RowMatrix::Ones(8, 100);
  values(3, 3) = std::nan("");
  CHECK_THROWS_AS(hill_tail(values, 0.95), InvalidInput);
}
