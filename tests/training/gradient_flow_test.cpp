// Gradient flow: exact on quadratics, of order 5, and as accurate as asked.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/training/training.hpp"
#include "oracle/dense.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

namespace {

struct Flow {
  Vector theta;
  double inner_steps = 0;
};

Flow flow(const Objective<double>& objective, const Vector& start, double time, double tolerance, Index steps = 1) {
  TrainingPlan plan;
  plan.rule = "gradient-flow";
  plan.parameters.tolerance = tolerance;
  plan.eta = time / static_cast<double>(steps);
  plan.steps = steps;
  auto state = start_training(objective, plan, start);
  train(objective, plan, {}, state);
  REQUIRE(state.status == TrainingStatus::steps_done);
  CHECK(state.rule.counters[1] == Approx(time));
  return {state.rule.theta, (state.rule.counters[2] - 1) / 6 - state.rule.counters[3]};
}

}  // namespace

TEST_CASE("gradient flow on a quadratic is the matrix exponential", "[fast][training]") {
  // exp(−tH)x by halving and squaring: (1 − tH/2^k)^(2^k) with k = 40 would round; Taylor of exp(−tH/2^10), squared.
  const auto quadratics = small_quadratics(6, 3, true);
  Matrix h(3, 3);
  Vector column(3);
  for (Index i = 0; i < 3; ++i) {
    quadratics.hessian_product({}, quadratics.all(), Vector::Unit(3, i), column);
    h.col(i) = column;
  }
  const double time = 2.5;
  const Matrix small = -time * h / 1024;
  Matrix term = Matrix::Identity(3, 3);
  Matrix exponential = term;
  for (int k = 1; k < 12; ++k) {
    term = (term * small / k).eval();
    exponential += term;
  }
  for (int k = 0; k < 10; ++k) exponential = (exponential * exponential).eval();
  const Vector start = Vector::Ones(3);
  const Vector expected = exponential * start;
  CHECK((flow(quadratics, start, time, 1e-12).theta - expected).norm() < 1e-11);
  CHECK((flow(quadratics, start, time, 1e-12, 7).theta - expected).norm() < 1e-11);
  CHECK((flow(quadratics, start, time, 1e-4).theta - expected).norm() < 1e-3);
}

TEST_CASE("the error of gradient flow falls with the fifth power of its work", "[training]") {
  const auto net = tiny_net();
  const Vector start = tiny_start(net);
  const Vector reference = flow(net, start, 12, 1e-13).theta;
  // Regression of the logarithm of the error on that of the inner steps, over tolerances.
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (double tolerance = 1e-7; tolerance > 1e-12; tolerance /= 4) {
    const Flow result = flow(net, start, 12, tolerance);
    const double x = std::log(result.inner_steps);
    const double error = (result.theta - reference).norm();
    UNSCOPED_INFO(tolerance << ' ' << result.inner_steps << ' ' << error);
    CHECK(error < 100 * tolerance);
    const double y = std::log(error);
    n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  const double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
  INFO("slope " << slope);
  CHECK(slope < -4.6);
  CHECK(slope > -5.6);
}

TEST_CASE("gradient flow needs all samples, and says when it cannot go on", "[fast][training]") {
  const auto net = tiny_net();
  TrainingPlan plan;
  plan.rule = "gradient-flow";
  plan.batch.size = 3;
  CHECK_THROWS_AS(start_training<double>(net, plan, tiny_start(net)), InvalidInput);
  // ẋ = −∇(−x⁴/4) = x³ blows up at t = 1/(2x₀²) = 1/2.
  class Quartic final : public WithSamples<Objective<double>> {
   public:
    Quartic() : WithSamples(1) {}
    Index parameters() const override { return 1; }
    double loss(const Vector& t, const Batch&) const override { return -std::pow(t[0], 4) / 4; }
    double gradient(const Vector& t, const Batch& batch, Vector& out) const override {
      out[0] = -std::pow(t[0], 3);
      return loss(t, batch);
    }
    void hessian_product(const Vector& t, const Batch&, const Vector& v, Vector& out) const override {
      out = -3 * t[0] * t[0] * v;
    }
    void third_derivative(const Vector&, const Batch&, const Vector&, Vector& out) const override { out.setZero(); }
  };
  const Quartic quartic;
  plan.batch.size = 0;
  plan.steps = 10;
  auto state = start_training<double>(quartic, plan, Vector::Ones(1));
  train<double>(quartic, plan, {}, state);
  CHECK(state.status == TrainingStatus::diverged);
  CHECK(state.records.size() < 10);
  CHECK(state.records[4][4] == Approx(-0.25 * std::pow(1 - 0.8, -2)).epsilon(1e-5));
}
