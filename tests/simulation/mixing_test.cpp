// How fast the stationary state forgets, against the second eigenvalue of its dynamics.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/simulation/stationary_tail.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/statistics/autocorrelation.hpp"
#include "setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

Autocorrelation of_stationary_state(const LinearizedModel& model, const Dynamics& d, Index steps) {
  const auto engine = make_linear_engine(model, d, true);
  return autocorrelation(stationary_norms(*engine, {200, steps, 200, 1, 1}).array().square(), steps / 4);
}

}  // namespace

TEST_CASE("the correlation of the loss decays by the growth factor a step, exactly", "[simulation][fast]") {
  // Curvatures 1 and 2 on a line, each with gradients 1 and −1: E(x⁺² | x) = ρ x² + constant without a linear term, so
  // ρ = E(1 − ηh)² is the one eigenvalue that x² sees, and the correlation at lag t is ρ^t.
  RowMatrix rows(4, 1);
  rows << 1, 1, std::sqrt(2.0), std::sqrt(2.0);
  RowMatrix noise(4, 1);
  noise << 1, -1, 1, -1;
  const auto model = LinearizedModel::from_rows(rows, 1, 2.3e-16, noise);
  const double eta = 0.05;
  const double rho = (std::pow(1 - eta, 2) + std::pow(1 - 2 * eta, 2)) / 2;
  const auto found = of_stationary_state(model, dynamics(oracle::sgd(), "without-replacement", 1, eta, 21), 4000);
  for (const Index lag : {1, 3, 7, 15}) {
    const Correlation& at = found.curve.at(static_cast<std::size_t>(lag));
    CAPTURE(lag, at.value, at.standard_error);
    CHECK(std::abs(at.value - std::pow(rho, static_cast<double>(lag))) < 4.5 * at.standard_error);
  }
  REQUIRE(found.decay);
  CHECK(std::abs(found.decay->value + std::log(rho)) < 4.5 * found.decay->standard_error);
  CHECK(found.decay->standard_error < -0.05 * std::log(rho));
}

TEST_CASE("in several dimensions the slowest decay is that of the second moment", "[simulation]") {
  // Sign-symmetric gradient noise: every row twice, with b and −b. The slow direction dominates late lags.
  RowMatrix rows(6, 2);
  rows << 1, 0, 1, 0, 1, 2, 1, 2, 0, 3, 0, 3;
  RowMatrix noise(6, 2);
  noise << 1, 0, -1, 0, 0.5, 0.5, -0.5, -0.5, 0.2, 0.4, -0.2, -0.4;
  const auto model = LinearizedModel::from_rows(rows, 1, 2.3e-16, noise);
  const double eta = 0.05;
  const auto d = dynamics(oracle::sgd(), "without-replacement", 1, eta, 22);
  const double exact = -mean_square_growth(model, *d.rule, *d.law, 1, eta).log_growth;
  const auto found = of_stationary_state(model, d, 8000);
  REQUIRE(found.decay);
  CAPTURE(exact, found.decay->value, found.decay->standard_error, found.decay->from, found.decay->to);
  CHECK(std::abs(found.decay->value - exact) < 4.5 * found.decay->standard_error + 0.05 * exact);
}
