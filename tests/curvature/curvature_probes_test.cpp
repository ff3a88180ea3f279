#include "brink/curvature/curvature_probes.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "brink/training/training.hpp"

using namespace brink;

namespace {

struct Fixture {
  std::shared_ptr<const NetworkObjective<double>> objective;
  Vector theta;

  Fixture() {
    const Network network = fully_connected({4, 5, 2}, "tanh", true);
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    RowMatrix inputs(12, 4), targets(12, 2);
    for (Index i = 0; i < inputs.size(); ++i) inputs.data()[i] = normal(random);
    for (Index i = 0; i < targets.size(); ++i) targets.data()[i] = normal(random);
    objective = make_network_objective<double>(network, inputs, targets, LossKind::half_square);
    theta = initial_parameters(network, "xavier-normal", 1, 5);
  }

  [[nodiscard]] Matrix hessian() const {
    const Index p = theta.size();
    Matrix h(p, p);
    Vector column(p);
    for (Index i = 0; i < p; ++i) {
      objective->hessian_product(theta, objective->all(), Vector::Unit(p, i), column);
      h.col(i) = column;
    }
    return h;
  }
};

CurvatureProbeSettings settings(std::vector<std::string> names, Index batch) {
  CurvatureProbeSettings result;
  result.names = std::move(names);
  result.batches.law = make_batch_law("without-replacement");
  result.batches.batch_size = batch;
  RuleParameters parameters;
  parameters.momentum = 0.7;
  result.rule = make_update_rule("heavy-ball", parameters);
  result.eta = 0.1;
  return result;
}

}  // namespace

TEST_CASE("probes by name are what a dense Hessian gives", "[curvature][fast]") {
  const Fixture net;
  const Matrix h = net.hessian();
  const Vector eigenvalues = symmetric_eigenvalues(h);
  Vector gradient(net.theta.size());
  net.objective->gradient(net.theta, net.objective->all(), gradient);
  const Vector buffers = Vector::LinSpaced(net.theta.size(), -1, 2);
  // At full batch every draw is the same and every error is rounding.
  const CurvatureProbes<double> probes(
      *net.objective, settings({"sharpness", "sharpness_2", "batch_sharpness", "gradient_noise_interaction",
                                "generalized_batch_sharpness", "directional_sharpness"},
                               12));
  const auto values = probes.measure(0, net.theta, &buffers);
  REQUIRE(values.size() == 12);
  REQUIRE(probes.columns()[1] == "sharpness_error");
  CHECK(values[0] == Approx(eigenvalues[0]).epsilon(1e-7));
  CHECK(values[2] == Approx(eigenvalues[1]).epsilon(1e-7));
  const double along_gradient = gradient.dot(h * gradient) / gradient.squaredNorm();
  CHECK(values[4] == Approx(along_gradient).epsilon(1e-10));
  CHECK(values[6] == Approx(along_gradient).epsilon(1e-10));
  // Heavy ball steps along 0.7 m + g.
  const Vector step = 0.7 * buffers + gradient;
  CHECK(values[8] == Approx(step.dot(h * step) / step.dot(gradient)).epsilon(1e-10));
  CHECK(values[10] == Approx(step.dot(h * step) / step.squaredNorm()).epsilon(1e-10));
  // Without buffers the step is the gradient.
  CHECK(probes.measure(0, net.theta)[10] == Approx(along_gradient).epsilon(1e-10));
}

TEST_CASE("reading probes changes no byte of a run", "[curvature][training][fast]") {
  const Fixture net;
  TrainingPlan plan;
  plan.rule = "heavy-ball";
  plan.parameters.momentum = 0.7;
  plan.eta = 0.05;
  plan.batch = {"without-replacement", 3, {}};
  plan.steps = 40;
  plan.record_every = 3;
  const auto trained = [&](bool with_probes) {
    const CurvatureProbes<double> curvature(
        *net.objective, settings({"sharpness", "batch_sharpness", "batch_lambda_max", "trace", "directional_sharpness",
                                  "eta_over_threshold", "noise_kernel_norm", "alignment"},
                                 3));
    std::vector<Probe<double>> probes;
    if (with_probes) {
      probes.push_back({"first", [&](Index step, const RuleState<double>& state) {
                          return curvature.measure(step, state.theta, &state.buffers)[0];
                        }});
    }
    auto state = start_training<double>(*net.objective, plan, net.theta);
    train<double>(*net.objective, plan, probes, state);
    return state;
  };
  const auto plain = trained(false);
  const auto probed = trained(true);
  CHECK(plain.rule.theta == probed.rule.theta);
  CHECK(plain.rule.buffers == probed.rule.buffers);
}

TEST_CASE("the noise kernel at a point of training is that of its Gauss-Newton rows", "[curvature][fast]") {
  const Fixture net;
  auto wanted = settings({"eta_over_threshold", "noise_kernel_norm"}, 3);
  const auto at = [&](double eta) {
    wanted.eta = eta;
    return CurvatureProbes<double>(*net.objective, wanted).measure(0, net.theta);
  };
  const double threshold = 1e-3 / at(1e-3)[0];
  CHECK(at(threshold)[2] == Approx(1).epsilon(1e-6));
  CHECK(at(0.5 * threshold)[2] < 0.9);
  CHECK(at(1000 * threshold)[2] == INFINITY);
  wanted.batches.batch_size = net.objective->samples();
  CHECK(at(1e-3)[2] == 0);
}

TEST_CASE("distance from the parameters of another run", "[curvature][fast]") {
  const Fixture net;
  auto wanted = settings({"distance"}, 3);
  wanted.reference = net.theta;
  wanted.reference[0] += 3;
  wanted.reference[1] -= 4;
  const auto values = CurvatureProbes<double>(*net.objective, wanted).measure(0, net.theta);
  CHECK(values[0] == Approx(5).epsilon(1e-14));
  CHECK(values[1] < 1e-12);
  wanted.reference.resize(2);
  CHECK_THROWS_AS(CurvatureProbes<double>(*net.objective, wanted), InvalidInput);
}

TEST_CASE("a probe that has no value here is refused by name", "[curvature][fast]") {
  const Fixture net;
  CHECK_THROWS_AS(CurvatureProbes<double>(*net.objective, settings({"sharpnes"}, 3)), InvalidInput);
  auto without_rule = settings({"directional_sharpness"}, 3);
  without_rule.rule = nullptr;
  CHECK_THROWS_AS(CurvatureProbes<double>(*net.objective, without_rule), InvalidInput);
}
