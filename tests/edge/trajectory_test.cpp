// The coefficients at a point, the projection, and the predicted dynamics, against dense derivatives and the
// caricature.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/edge/self_stabilization.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "curvature/example_objective.hpp"
#include "edge/polynomial.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

namespace {

Vector start_of(Index p, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  return Vector::NullaryExpr(p, [&](Index) { return 0.3 * normal(random); });
}

double dense_sharpness(const ExampleObjective<double>& objective, const Vector& theta) {
  return symmetric_eigenvalues(objective.dense_hessian(theta, objective.all()))[0];
}

}  // namespace

TEST_CASE("the coefficients of a point are the derivatives of its sharpness", "[fast][edge]") {
  const ExampleObjective<double> objective(4, 2, 7, 0.3, 5);
  const Vector theta = start_of(7, 2);
  const EdgePoint point = edge_point(objective, theta);
  const auto eigen = symmetric_eigen(objective.dense_hessian(theta, objective.all()));
  CHECK(point.sharpness == Approx(eigen.values[0]).epsilon(1e-9));
  CHECK(point.second == Approx(eigen.values[1]).epsilon(1e-9));
  CHECK(std::abs(point.u.dot(eigen.vectors.col(0))) == Approx(1).epsilon(1e-9));
  for (Index i = 0; i < 7; ++i) {
    const Vector step = 1e-5 * Vector::Unit(7, i);
    CHECK(point.sharpness_gradient[i] ==
          Approx((dense_sharpness(objective, theta + step) - dense_sharpness(objective, theta - step)) / 2e-5)
              .epsilon(1e-5)
              .margin(1e-7));
  }
  CHECK(std::abs(point.u.dot(point.projected_gradient)) < 1e-10);
  CHECK(point.alpha == Approx(-objective.dense_gradient(theta, objective.all()).dot(point.projected_gradient)));
  CHECK(point.beta == Approx(point.projected_gradient.squaredNorm()));
  CHECK(std::abs(point.alignment()) <= 1);
  // The sign of u follows the start.
  EdgePoint turned = point;
  turned.u = -turned.u;
  CHECK(edge_point(objective, theta, &turned).u.dot(point.u) < -0.999);
  CHECK_THROWS_AS(edge_point(objective, Vector::Zero(3)), InvalidInput);
}

TEST_CASE("the projection reaches the stable set", "[fast][edge]") {
  const ExampleObjective<double> objective(4, 2, 7, 0.05, 5);
  const Vector theta = start_of(7, 2);
  const double sharpness = edge_point(objective, theta).sharpness;
  for (const double part : {0.98, 1.2}) {  // above the edge, and below it
    const EdgeRule rule{2 / (part * sharpness), 0};
    ConstrainedOptions options;
    options.projections = 20;
    const ConstrainedPoint point = project_to_edge(objective, theta, rule, nullptr, options);
    CHECK(point.sharpness_violation <= 1e-8 * sharpness);
    CHECK(point.gradient_violation <= 1e-7 * objective.dense_gradient(theta, objective.all()).norm());
    CHECK(dense_sharpness(objective, point.theta) <= rule.critical_sharpness() * (1 + 1e-8));
    if (part < 1) CHECK(dense_sharpness(objective, point.theta) == Approx(rule.critical_sharpness()).epsilon(1e-8));
    // A point of the set stays.
    CHECK((project_to_edge(objective, point.theta, rule, nullptr, options).theta - point.theta).norm() < 1e-8);
  }
}

TEST_CASE("with momentum the constrained trajectory is stable wherever heavy ball is", "[fast][edge]") {
  // The second curvature lies between 2/η_ef = 6.7 and the edge, 20.
  const Quadratics problem({Vector{{10, 8, 0.1}}.asDiagonal()}, {Vector::Zero(3)});
  const EdgeRule rule{0.15, 0.5};
  ConstrainedPoint point = project_to_edge(problem, Vector{{0.3, 1, 1}}, rule);
  Vector before = point.theta;
  Vector now = before - rule.effective_eta() * Vector{{0, 8 * before[1], 0.1 * before[2]}};
  point = constrained_step(problem, point, rule);
  for (int t = 0; t < 100; ++t) {
    CHECK((point.theta - now).norm() < 1e-9);
    const Vector next = now + rule.momentum * (now - before) - rule.eta * Vector{{0, 8 * now[1], 0.1 * now[2]}};
    before = now;
    now = next;
    point = constrained_step(problem, point, rule);
  }
  CHECK(std::abs(point.theta[1]) < 1e-6);
}

TEST_CASE("on the caricature the prediction is gradient descent", "[fast][edge]") {
  for (const double beta : {0.0, 0.6}) {
    CAPTURE(beta);
    SelfStabilizationPlan plan;
    plan.rule = {0.1, beta};
    plan.steps = 120;
    // A third parameter with little curvature, so that there is a second eigenvalue.
    const double critical = plan.rule.critical_sharpness();
    const Polynomial loss(3, {{0.5 * critical, {0, 0}}, {0.75, {0, 0, 1}}, {-0.2, {1}}, {0.5, {2, 2}}});
    Vector theta(3);
    theta << 0, 0.001, 0;
    const SelfStabilization run = self_stabilization(loss, theta, plan);
    REQUIRE(run.status == SelfStabilizationStatus::steps_done);
    REQUIRE(run.steps.size() == 121);
    for (const auto& step : run.steps) {
      CHECK(step.delta == Approx(std::sqrt(2 * 0.2 / 1.5)));
      CHECK(step.plain.x == Approx(step.x).epsilon(1e-6).margin(1e-9));
      CHECK(step.plain.y == Approx(step.y).epsilon(1e-6).margin(1e-7));
      CHECK(step.generalized.x == Approx(step.x).epsilon(1e-6).margin(1e-9));
    }
    // It does oscillate about the edge.
    const auto summary = summarize(run, plan.rule);
    CHECK(summary.rms_excess > 0.05);
    CHECK(summary.plain_error < 0.3);  // S − S* of the caricature has a part of second order in x that (E.8) leaves out
  }
}

TEST_CASE("an eigenvector that is followed is that of a confirmed solution", "[fast][edge]") {
  const ExampleObjective<double> objective(2, 1, 66, 0.02, 5);  // above what is solved densely
  const Vector theta = start_of(66, 2);
  const EdgePoint before = edge_point(objective, theta);
  const Vector ahead = theta + 0.01 * start_of(66, 3);
  EdgePointOptions options;
  options.second = false;
  const EdgePoint confirmed = edge_point(objective, ahead, &before, options);
  options.follow = true;
  const EdgePoint followed = edge_point(objective, ahead, &before, options);
  CHECK(std::abs(followed.sharpness - before.sharpness) > 1e-3);
  CHECK(followed.sharpness == Approx(dense_sharpness(objective, ahead)).epsilon(1e-12));
  CHECK(followed.sharpness_error <= 1e-8 * followed.sharpness);
  CHECK(followed.u.dot(confirmed.u) == Approx(1).epsilon(1e-12));
  CHECK(followed.alpha == Approx(confirmed.alpha).epsilon(1e-6));
  CHECK(followed.second == before.second);

  // It stays with its eigenvector where another is larger; the next measurement of λ₂ finds that.
  EdgePoint lower = before;
  lower.u = before.second_vector;
  CHECK(edge_point(objective, theta, &lower, options).sharpness == Approx(before.second).epsilon(1e-9));
  options.second = true;
  CHECK(edge_point(objective, theta, &lower, options).sharpness == Approx(before.sharpness).epsilon(1e-9));

  // A start orthogonal to all curvature says nothing, and is not trusted.
  const Polynomial flat(3, {{2, {0, 0}}, {1, {1, 1}}, {0.1, {2}}});
  EdgePoint blind = edge_point(flat, Vector::Zero(3));
  blind.u = Vector::Unit(3, 2);
  options.second = false;
  CHECK(edge_point(flat, Vector::Zero(3), &blind, options).sharpness == Approx(4));
}

TEST_CASE("self-stabilization ends with a reason", "[fast][edge]") {
  const double critical = 20;
  Vector theta(3);
  theta << 0, 0.001, 0;
  SelfStabilizationPlan plan;
  plan.steps = 50;
  // A second direction whose curvature is close.
  const Polynomial close(3, {{0.5 * critical, {0, 0}}, {0.75, {0, 0, 1}}, {-0.2, {1}}, {9.8, {2, 2}}});
  const auto second = self_stabilization(close, theta, plan);
  CHECK(second.status == SelfStabilizationStatus::second_direction);
  CHECK(second.steps.size() == 1);
  CHECK(second.reason.find("19.6") != std::string::npos);
  CHECK(to_string(second.status) == "second-direction");
  // A loss that lowers the sharpness.
  const Polynomial falling(3, {{0.5 * critical, {0, 0}}, {0.75, {0, 0, 1}}, {0.2, {1}}, {0.5, {2, 2}}});
  CHECK_THROWS_AS(self_stabilization(falling, theta, plan), InvalidInput);
  plan.kick = 0;
  CHECK_THROWS_AS(self_stabilization(close, theta, plan), InvalidInput);
  // Gradient descent that reaches the edge, and some that does not within the limit.
  const Polynomial rising(2, {{9.0, {0, 0}}, {0.75, {0, 0, 1}}, {-0.2, {1}}});
  const auto arrival = run_to_edge(rising, Vector::Zero(2), {0.1, 0}, 100);
  CHECK(1.5 * arrival.theta[1] >= 2.0);
  CHECK(arrival.step == static_cast<Index>(std::ceil(2.0 / 1.5 / 0.02 - 1e-9)));
  CHECK_THROWS_AS(run_to_edge(rising, Vector::Zero(2), {0.1, 0}, 20), NotConverged);
}

TEST_CASE("assumptions are measured by difference quotients with an error", "[fast][edge]") {
  // ∂⁴/∂x⁴ of c·x⁴ is 24c: with ∇S⊥ = g e_w the ratio is 24c/(ηg²).
  const Polynomial loss(2, {{10, {0, 0}}, {0.75, {0, 0, 1}}, {-0.2, {1}}, {0.01, {0, 0, 0, 0}}});
  const EdgeRule rule{0.1, 0};
  const Vector theta = Vector::Zero(2);
  const auto found = check_assumptions(loss, theta, edge_point(loss, theta), rule);
  CHECK(found.fourth_derivative == Approx(24 * 0.01 / (0.1 * 1.5 * 1.5)).epsilon(1e-8));
  CHECK(found.fourth_error < 1e-8);
  CHECK(found.misalignment == Approx(0).margin(1e-12));
  CHECK(found.second_ratio == Approx(0).margin(1e-12));
  CHECK(found.step_size == Approx(0.1 * std::sqrt(0.3)));
}
