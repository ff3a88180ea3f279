// The central flow against closed forms, and against what the optimizers themselves do.

#include "brink/edge/central_flow.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "edge/polynomial.hpp"

using namespace brink;
using namespace brink::test;

TEST_CASE("one direction at the edge oscillates with variance delta squared", "[fast][edge]") {
  const double a = 0.3, g = 1.5;
  // The edge is reached at w = 0, from below.
  const auto loss = caricature_loss(20, a, g);
  CentralFlowOptions options;
  Vector theta(2);
  theta << 0, -0.1;
  auto state = start_central_flow(loss, options, theta);
  bool held = false;
  for (int t = 0; t < 12; ++t) {
    const auto reading = central_flow_step(loss, options, state);
    CHECK(reading.eigenvalues[0].value <= 2 + 1e-9);
    CHECK(reading.residual < 1e-9);
    if (!held && reading.oscillating == 0) {
      CHECK(state.w[1] <= 1e-12);
      continue;
    }
    if (held) {
      // ΔX = 2α/β_s, and E L = L + tr Σ/η.
      CHECK(reading.tracked == 1);
      CHECK(reading.oscillating == 1);
      CHECK(reading.variance == Approx(2 * a / g).epsilon(1e-8));
      CHECK(reading.eigenvalues[0].value == Approx(2).epsilon(1e-9));
      CHECK(reading.time_averaged_loss - reading.loss == Approx(reading.variance / options.eta).epsilon(1e-8));
      CHECK(reading.time_averaged_gradient == Approx(a * a + 400 * reading.variance).epsilon(1e-8));
      CHECK(state.w[1] == Approx(0).margin(1e-10));
    }
    held = true;
  }
  CHECK(held);
}

TEST_CASE("directions enter the oscillation one by one and leave it", "[fast][edge]") {
  // Two directions, the second with the lower curvature: x₀²(20 + 1.5 w₂)/2 + x₁²(19.8 + 1.5 w₃)/2. w₂ is drawn towards
  // z₄, which falls at a constant rate and passes it: then the first direction is released.
  const Polynomial loss(5, {{10, {0, 0}},
                            {0.75, {0, 0, 2}},
                            {9.9, {1, 1}},
                            {0.75, {1, 1, 3}},
                            {-0.2, {3}},
                            {0.25, {2, 2}},
                            {-0.5, {2, 4}},
                            {0.25, {4, 4}},
                            {1.0, {4}}});
  CentralFlowOptions options;
  Vector theta(5);
  theta << 0, 0, -0.25, 0, 2.0;
  auto state = start_central_flow(loss, options, theta);
  Index most = 0;
  std::vector<Index> ranks;
  for (int t = 0; t < 60; ++t) {
    const auto reading = central_flow_step(loss, options, state);
    for (const auto& value : reading.eigenvalues) CHECK(value.value <= 2 + 1e-8);
    most = std::max(most, reading.oscillating);
    if (ranks.empty() || ranks.back() != reading.oscillating) ranks.push_back(reading.oscillating);
  }
  CHECK(ranks == std::vector<Index>{0, 1, 2, 1});
  CHECK(state.w[4] < state.w[2]);
  options.largest_count = 1;
  auto narrow = start_central_flow(loss, options, theta);
  CHECK_THROWS_AS(central_flow_step(loss, options, narrow), NotConverged);
}

TEST_CASE("coupled directions obey the complementarity of their matrix", "[fast][edge]") {
  // ½xᵀ(20 I + W)x − a·W with W = (w₂ w₄; w₄ w₃) the whole symmetric matrix: ∇H_ij spans it, X = 2α per direction.
  const Polynomial loss(5, {{10, {0, 0}},
                            {10, {1, 1}},
                            {0.5, {0, 0, 2}},
                            {0.5, {1, 1, 3}},
                            {1.0, {0, 1, 4}},
                            {-0.3, {2}},
                            {-0.2, {3}},
                            {-0.1, {4}}});
  CentralFlowOptions options;
  auto state = start_central_flow(loss, options, Vector::Zero(5));
  static_cast<void>(central_flow_step(loss, options, state));
  const auto reading = central_flow_step(loss, options, state);
  // ½X₀₀ = 0.3, ½X₁₁ = 0.2, X₀₁ = 0.1 hold W where it is.
  REQUIRE(reading.oscillating == 2);
  const double mean = 0.5, difference = 0.1, off = 0.1;
  CHECK(reading.oscillation[0] == Approx(mean + std::hypot(difference, off)).epsilon(1e-7));
  CHECK(reading.oscillation[1] == Approx(mean - std::hypot(difference, off)).epsilon(1e-7));
  CHECK(reading.variance == Approx(1.0).epsilon(1e-8));
}

TEST_CASE("the central flow of RMSProp is followed by RMSProp", "[edge]") {
  // Progressive sharpening that the oscillation must hold: averages of the optimizer against the flow.
  const Polynomial loss(3, {{10, {0, 0}}, {0.75, {0, 0, 1}}, {-0.2, {1}}, {0.5, {2, 2}}, {-0.3, {2}}});
  const double averaging = 0.99, eta = 0.05;
  for (const auto kind : {FlowOptimizer::scalar_rms_prop, FlowOptimizer::rms_prop}) {
    CAPTURE(static_cast<int>(kind));
    CentralFlowOptions options;
    options.optimizer = kind;
    options.eta = eta;
    options.averaging = averaging;
    options.near = 0.3;
    const bool scalar = kind == FlowOptimizer::scalar_rms_prop;
    Vector theta(3);
    theta << 0.05, -1.0, 1.0;
    Vector nu = Vector::Constant(scalar ? 1 : 3, 0.3);
    Vector flow_start = theta;
    flow_start[0] = 0;
    auto state = start_central_flow(loss, options, flow_start, nu);
    double loss_sum = 0, flow_loss = 0, edge_sum = 0, flow_edge = 0, square = 0, flow_square = 0;
    Index count = 0;
    Vector gradient(3);
    for (int t = 0; t < 900; ++t) {
      const auto reading = central_flow_step(loss, options, state);
      const double now = loss.gradient(theta, loss.all(), gradient);
      if (t >= 300) {
        ++count;
        loss_sum += now;
        flow_loss += reading.time_averaged_loss;
        edge_sum += eta * (20 + 1.5 * theta[1]) / std::sqrt(nu[0]);
        flow_edge += reading.eigenvalues[0].value;
        square += gradient.squaredNorm();
        flow_square += reading.time_averaged_gradient;
      }
      if (scalar)
        nu[0] = averaging * nu[0] + (1 - averaging) * gradient.squaredNorm();
      else
        nu = averaging * nu + (1 - averaging) * gradient.cwiseAbs2();
      theta -=
          scalar ? Vector(eta / std::sqrt(nu[0]) * gradient) : Vector(eta * gradient.cwiseQuotient(nu.cwiseSqrt()));
    }
    const auto n = static_cast<double>(count);
    CHECK(flow_edge / n == Approx(2).epsilon(1e-6));
    CHECK(edge_sum / n == Approx(flow_edge / n).epsilon(0.02));
    CHECK(loss_sum / n == Approx(flow_loss / n).epsilon(0.05));
    CHECK(square / n == Approx(flow_square / n).epsilon(0.05));
    CHECK(theta[1] == Approx(state.w[1]).epsilon(0.05));
  }
}

TEST_CASE("the central flow refuses what it cannot do", "[fast][edge]") {
  const auto loss = caricature_loss(20, 0.3, 1.5);
  CentralFlowOptions options;
  options.substeps = 0;
  CHECK_THROWS_AS(start_central_flow(loss, options, Vector::Zero(2)), InvalidInput);
  options = {};
  options.optimizer = FlowOptimizer::scalar_rms_prop;
  CHECK_THROWS_AS(start_central_flow(loss, options, Vector::Zero(2), Vector::Zero(1)), InvalidInput);
  CHECK_THROWS_AS(start_central_flow(loss, options, Vector::Zero(2), Vector::Ones(2)), InvalidInput);
  CHECK_THROWS_AS(start_central_flow(loss, options, Vector::Zero(5)), InvalidInput);
}
