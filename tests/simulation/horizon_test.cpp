#include "brink/simulation/horizon.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

TEST_CASE("past its horizon a plain average reports false stability, cloning does not", "[simulation]") {
  // a ∈ {1, 2}, η = 1.3: Λ(2) = 0.2814 at every horizon, for the dynamics is scalar.
  const LinearizedModel model = one_and_two();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 1.3, 6);
  const auto make = [&](const Dynamics& own) { return make_linear_engine(model, own); };
  const auto curve = horizon_curve(make, d, {4096, 200, 77, 2, 1});
  REQUIRE(curve.points.front().steps == 1);
  REQUIRE(curve.points.back().steps == 200);
  const double slope = (0.09 * std::log(0.3) + 2.56 * std::log(1.6)) / 2.65;
  const double horizon = std::log(4096.0) / (2 * slope - 0.281412459438);
  CHECK(curve.horizon == Approx(horizon).epsilon(0.25));
  for (const auto& point : curve.points) {
    CAPTURE(point.steps, point.ensemble, point.cloning);
    // Three half-widths of a 95% interval (7 degrees of freedom), and the bias of 4096 replicas.
    const double cloning_width = 0.5 * (point.cloning_interval.upper - point.cloning_interval.lower);
    CHECK(std::abs(point.cloning - 0.281412459438) < 3 * cloning_width + 2e-3);
    if (static_cast<double>(point.steps) < 0.3 * horizon) {
      const double width = 0.5 * (point.ensemble_interval.upper - point.ensemble_interval.lower);
      CHECK(std::abs(point.ensemble - 0.281412459438) < 3 * width + 1e-3);
    }
  }
  CHECK(curve.points.back().ensemble_interval.upper < 0);
  CHECK(curve.points.back().cloning_interval.lower > 0.25);
}
