#include "oracle/recursion.hpp"

#include <stdexcept>
#include <string>

namespace oracle {

namespace {

/// One step of the whole recursion on (x, buffers), the gradient being hessian·x + constant.
void advance(const Recursion& rule, double eta, const Matrix& hessian, const Vector& constant, Vector& x,
             std::vector<Vector>& buffers) {
  const Vector gradient = hessian * x + constant + rule.weight_decay * x;
  rule.update(eta, gradient, x, buffers);
}

Vector advance_lifted(const Recursion& rule, double eta, const Matrix& hessian, const Vector& constant,
                      const Vector& state) {
  const auto d = hessian.rows();
  Vector x = state.head(d);
  std::vector<Vector> buffers;
  for (int i = 0; i < rule.buffers; ++i) buffers.emplace_back(state.segment((i + 1) * d, d));
  advance(rule, eta, hessian, constant, x, buffers);
  Vector next(state.size());
  next.head(d) = x;
  for (int i = 0; i < rule.buffers; ++i) next.segment((i + 1) * d, d) = buffers[static_cast<std::size_t>(i)];
  return next;
}

}  // namespace

Recursion recursion(std::string_view name, const brink::RuleParameters& parameters) {
  const double beta = parameters.momentum;
  const double nu = parameters.nu;
  const double tau = parameters.dampening;
  Recursion rule;
  rule.weight_decay = parameters.weight_decay;
  rule.buffers = 1;
  if (name == "sgd") {
    rule.buffers = 0;
    rule.update = [](double eta, const Vector& g, Vector& x, std::vector<Vector>&) { x -= eta * g; };
  } else if (name == "heavy-ball") {
    rule.update = [beta](double eta, const Vector& g, Vector& x, std::vector<Vector>& m) {
      m[0] = beta * m[0] + g;
      x -= eta * m[0];
    };
  } else if (name == "nesterov") {
    rule.update = [beta](double eta, const Vector& g, Vector& x, std::vector<Vector>& m) {
      m[0] = beta * m[0] + g;
      x -= eta * (g + beta * m[0]);
    };
  } else if (name == "dampened") {
    rule.update = [beta, tau](double eta, const Vector& g, Vector& x, std::vector<Vector>& m) {
      m[0] = beta * m[0] + (1 - tau) * g;
      x -= eta * m[0];
    };
  } else if (name == "ema") {
    rule.update = [beta](double eta, const Vector& g, Vector& x, std::vector<Vector>& m) {
      m[0] = beta * m[0] + (1 - beta) * g;
      x -= eta * m[0];
    };
  } else if (name == "qhm") {
    rule.update = [beta, nu](double eta, const Vector& g, Vector& x, std::vector<Vector>& m) {
      m[0] = beta * m[0] + (1 - beta) * g;
      x -= eta * ((1 - nu) * g + nu * m[0]);
    };
  } else {
    throw std::invalid_argument("recursion: name = " + std::string(name));
  }
  return rule;
}

Matrix lifted_map(const Recursion& rule, double eta, const Matrix& hessian) {
  const auto size = rule.states() * hessian.rows();
  Matrix map(size, size);
  for (Eigen::Index column = 0; column < size; ++column)
    map.col(column) = advance_lifted(rule, eta, hessian, Vector::Zero(hessian.rows()), Vector::Unit(size, column));
  return map;
}

Vector lifted_input(const Recursion& rule, double eta, const Vector& gradient) {
  const auto d = gradient.size();
  return advance_lifted(rule, eta, Matrix::Zero(d, d), gradient, Vector::Zero(rule.states() * d));
}

double edge_by_scan(const Recursion& rule, double step, double largest) {
  const auto radius = [&](double curvature) {
    return spectral_radius(lifted_map(rule, 1.0, Matrix::Constant(1, 1, curvature)));
  };
  double low = 0;
  double high = step;
  while (high < largest && radius(high) < 1) {
    low = high;
    high += step;
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (radius(middle) < 1 ? low : high) = middle;
  }
  return low;
}

}  // namespace oracle
