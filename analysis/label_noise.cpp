#include "analysis/label_noise.hpp"

#include <cmath>

#include "analysis/models.hpp"
#include "brink/linalg/small_dense.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/network/models.hpp"
#include "brink/sampling/philox.hpp"
#include "brink/training/batches.hpp"
#include "brink/training/gradient_source.hpp"

namespace brink::analysis {
namespace {

constexpr Index kFittedSamples = 3;

}  // namespace

Vector normal_numbers(std::uint64_t seed, std::uint32_t stream, Index count) {
  Philox random(seed, Purpose::model, stream, 0x64726966);
  Vector numbers(count);
  for (double& each : numbers) each = random.normal();
  return numbers;
}

FittedNetwork fitted_network(const std::string& model, std::uint64_t seed) {
  Task task;
  task.network = model == "diagonal" ? diagonal_linear(6, false) : fully_connected({2, 4, 1}, "tanh", true);
  const Index inputs = task.network.inputs;
  task.inputs = normal_numbers(seed, 3, kFittedSamples * inputs).reshaped<Eigen::RowMajor>(kFittedSamples, inputs);
  task.targets = RowMatrix::Zero(kFittedSamples, 1);
  const Vector theta = normal_numbers(seed, 4, task.network.parameters);
  const auto untrained = task.precise();
  untrained->evaluate(theta, untrained->all(), task.targets);
  return {task.precise(), theta};
}

CurvatureRange curvature_range(const NetworkObjective<double>& objective, const Vector& theta) {
  RowMatrix jacobian;
  objective.jacobian(theta, objective.all(), jacobian);
  const SymmetricEigen gram = symmetric_eigen(Matrix(jacobian * jacobian.transpose()));
  const Vector roots = gram.values.cwiseSqrt();
  return {gram.values / static_cast<double>(objective.samples()),
          jacobian.transpose() * gram.vectors * roots.cwiseInverse().asDiagonal(), gram.vectors * roots.asDiagonal()};
}

Matrix stationary_covariance(const CurvatureRange& at, const NoisySteps& steps, NoiseLaw law) {
  const double beta = steps.momentum;
  const Vector& h = at.curvature;
  const Index r = h.size();
  if (law == NoiseLaw::simple) return 0.5 * Matrix::Identity(r, r);
  if (law == NoiseLaw::claimed) return (0.5 / (1 - h.array() * (steps.eta / (2 * (1 + beta))))).matrix().asDiagonal();
  // With N(X) = p·[mean of H_k X H_k − HXH] the equation is a diagonal minus a part of rank n in the entries of X.
  const auto n = static_cast<double>(at.rows.rows());
  const auto batch = static_cast<double>(steps.batch);
  const double p = (n - batch) / (batch * (n - 1));
  const double effective = steps.eta / (1 - beta);
  Matrix squares(r * r, at.rows.rows());
  for (Index k = 0; k < at.rows.rows(); ++k) squares.col(k) = (at.rows.row(k).transpose() * at.rows.row(k)).reshaped();
  const Matrix sum = h.replicate(1, r) + h.transpose().replicate(r, 1);
  const Matrix product = h * h.transpose();
  const Matrix diagonal = sum + effective * ((p - (1 + beta * beta) / (1 - beta * beta)) * product +
                                             beta / (1 - beta * beta) * (sum.cwiseAbs2() - 2 * product));
  Matrix system = -effective * p / n * (squares * squares.transpose());
  system.diagonal() += diagonal.reshaped();
  return solve(system, Vector(Matrix(h.asDiagonal()).reshaped())).reshaped(r, r);
}

double drift_gradient(const NetworkObjective<double>& objective, const NoisySteps& steps, NoiseLaw law,
                      const Vector& theta, Vector& out) {
  const CurvatureRange at = curvature_range(objective, theta);
  const SymmetricEigen x = symmetric_eigen(stationary_covariance(at, steps, law));
  out.setZero(theta.size());
  Vector third(theta.size());
  for (Index i = 0; i < x.values.size(); ++i) {
    objective.third_derivative(theta, objective.all(), Vector(at.basis * x.vectors.col(i)), third);
    out += 0.5 * x.values[i] * third;
  }
  out -= at.basis * (at.basis.transpose() * out);
  return at.curvature.sum();
}

double log_regularizer(const NetworkObjective<double>& objective, const NoisySteps& steps, const Vector& theta) {
  const double edge = 2 * (1 + steps.momentum) / steps.eta;
  return -edge / 4 * (1 - curvature_range(objective, theta).curvature.array() / edge).log().sum();
}

void run_label_noise(const FittedNetwork& network, const NoisySteps& steps, double weight, Index count,
                     std::uint64_t seed, const std::function<void(Index, const Vector&)>& see) {
  const auto& objective = *network.objective;
  TrainingRuleParameters parameters;
  parameters.momentum = steps.momentum;
  GradientSettings settings;
  settings.label_noise = std::sqrt(weight * (1 - steps.momentum) * static_cast<double>(steps.batch) / steps.eta);
  const auto rule = make_training_rule<double>("heavy-ball", parameters);
  const auto source = make_gradient_source<double>(settings);
  auto state = initial_state<double>(*rule, network.theta);
  Batches batches({"without-replacement", steps.batch, LastBatch::smaller}, objective.samples(), seed);
  Vector gradient(network.theta.size());
  for (Index t = 0; t < count; ++t) {
    source->gradient(objective, state.theta, batches.draw(t), {seed, static_cast<std::uint32_t>(t)}, gradient);
    rule->step(steps.eta, gradient, nullptr, state);
    see(t + 1, state.theta);
  }
}

double drift_ratio(const std::vector<double>& measured, const std::vector<double>& said) {
  const std::size_t quarter = measured.size() / 4 - 1;
  return (measured.back() - measured[quarter]) / (said.back() - said[quarter]);
}

Vector flowed(const GradientAt<double>& gradient_at, const Vector& theta, double time) {
  TrainingRuleParameters parameters;
  parameters.tolerance = 1e-13;
  const auto rule = make_training_rule<double>("gradient-flow", parameters);
  auto state = initial_state<double>(*rule, theta);
  Vector gradient(theta.size());
  gradient_at(state.theta, gradient);
  rule->step(time, gradient, gradient_at, state);
  return state.theta;
}

}  // namespace brink::analysis
