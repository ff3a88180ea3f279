#include "oracle/examples.hpp"

#include <cmath>

#include "oracle/random.hpp"

namespace oracle {

namespace {

Rule make_rule(std::string name, double momentum, double weight_decay = 0) {
  Rule rule{std::move(name), {}};
  rule.parameters.momentum = momentum;
  rule.parameters.weight_decay = weight_decay;
  return rule;
}

Rule dampened(double momentum, double dampening) {
  Rule rule = make_rule("dampened", momentum);
  rule.parameters.dampening = dampening;
  return rule;
}

Rule quasi_hyperbolic(double momentum, double nu, double weight_decay = 0) {
  Rule rule = make_rule("qhm", momentum, weight_decay);
  rule.parameters.nu = nu;
  return rule;
}

}  // namespace

std::vector<Matrix> Example::hessians() const {
  std::vector<Matrix> out;
  for (int k = 0; k < samples(); ++k) {
    Matrix h = Matrix::Zero(dimension(), dimension());
    for (int j = 0; j < outputs; ++j) {
      const int row = k * outputs + j;
      h += (signs.size() == 0 ? 1.0 : signs[row]) * rows.row(row).transpose() * rows.row(row);
    }
    out.push_back(h);
  }
  return out;
}

Matrix Example::mean_hessian() const {
  Matrix sum = Matrix::Zero(dimension(), dimension());
  for (const auto& h : hessians()) sum += h;
  return sum / samples();
}

brink::LinearizedModel Example::model() const {
  if (signs.size() == 0) return brink::LinearizedModel::from_rows(rows, outputs, kEpsilon, gradients);
  return brink::LinearizedModel::from_signed_rows(rows, signs, outputs, kEpsilon, gradients);
}

Example three_rows() {
  Matrix rows(3, 2);
  rows << 1, 0, 1, 1, 0, 2;
  return {"three rows in the plane", rows};
}

Example one_parameter(const std::vector<double>& curvatures) {
  Matrix rows(static_cast<Eigen::Index>(curvatures.size()), 1);
  for (Eigen::Index k = 0; k < rows.rows(); ++k) rows(k, 0) = std::sqrt(curvatures[static_cast<std::size_t>(k)]);
  return {"one parameter", rows};
}

Example random_rows(int samples, int dimension, int outputs, std::uint64_t seed) {
  Random random(seed);
  return {"Gaussian rows n=" + std::to_string(samples) + " d=" + std::to_string(dimension) +
              " c=" + std::to_string(outputs) + " seed=" + std::to_string(seed),
          random.normals(samples * outputs, dimension), outputs};
}

Example random_indefinite(int samples, int dimension, std::uint64_t seed) {
  Example example = random_rows(samples, dimension, 2, seed);
  example.name = "indefinite samples, " + example.name;
  example.signs = Vector::Ones(2 * samples);
  for (int k = 0; k < samples; ++k) {
    example.signs[2 * k + 1] = -1;
    example.rows.row(2 * k + 1) *= 0.3;
  }
  return example;
}

Example with_gradients(Example example, std::uint64_t seed) {
  Random random(seed);
  example.gradients = random.normals(example.samples(), example.dimension());
  const Vector average = example.gradients.colwise().mean();
  example.gradients.rowwise() -= average.transpose();
  return example;
}

std::string Rule::label() const {
  return name + " momentum=" + std::to_string(parameters.momentum) + " nu=" + std::to_string(parameters.nu) +
         " dampening=" + std::to_string(parameters.dampening) +
         " weight decay=" + std::to_string(parameters.weight_decay);
}

std::vector<Rule> all_rules() {
  return {
      make_rule("sgd", 0),
      make_rule("sgd", 0, 0.2),
      make_rule("heavy-ball", 0),
      make_rule("heavy-ball", 0.5),
      make_rule("heavy-ball", 0.9),
      make_rule("heavy-ball", -0.5),
      make_rule("heavy-ball", 0.7, 0.1),
      make_rule("nesterov", 0.5),
      make_rule("nesterov", 0.9),
      make_rule("nesterov", -0.2),
      make_rule("nesterov", -0.6),
      make_rule("nesterov", 0.8, 0.1),
      dampened(0.9, 0.5),
      dampened(0.5, 0.2),
      make_rule("ema", 0.9),
      make_rule("ema", -0.5),
      make_rule("ema", 0.6, 0.3),
      quasi_hyperbolic(0.9, 0.7),
      quasi_hyperbolic(0.5, 1),
      quasi_hyperbolic(0.9, 0),
      quasi_hyperbolic(-0.5, 0.3),
      quasi_hyperbolic(0.8, 0.4, 0.1),
  };
}

Rule sgd() { return make_rule("sgd", 0); }
Rule heavy_ball(double momentum) { return make_rule("heavy-ball", momentum); }
Rule nesterov(double momentum) { return make_rule("nesterov", momentum); }

std::vector<std::string> finite_laws() { return {"without-replacement", "with-replacement", "bernoulli"}; }

std::vector<std::string> all_laws() {
  auto laws = finite_laws();
  laws.emplace_back("gaussian");
  return laws;
}

}  // namespace oracle
