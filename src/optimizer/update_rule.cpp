#include "brink/optimizer/update_rule.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "brink/base/error.hpp"
#include "brink/base/options.hpp"
#include "brink/linalg/small_dense.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

struct NamedRule {
  std::string name;
  UpdateRuleFactory factory;
};

std::vector<NamedRule>& registry() {
  static std::vector<NamedRule> rules = {
      {"sgd", make_sgd},           {"heavy-ball", make_heavy_ball},
      {"nesterov", make_nesterov}, {"dampened", make_dampened},
      {"ema", make_ema},           {"qhm", make_qhm},
  };
  return rules;
}

/// T(z) = e₁ᵀ (zI − A₀)⁻¹ b: a curvature λ puts an eigenvalue of A(λ) at z exactly when λ T(z) = 1.
std::complex<double> transfer_function(const Filter& filter, std::complex<double> z) {
  const Index k = filter.a0.rows();
  Eigen::MatrixXcd shifted = -filter.a0.cast<std::complex<double>>();
  shifted.diagonal().array() += z;
  if (k == 1) return filter.b[0] / shifted(0, 0);
  if (k == 2) {
    const std::complex<double> determinant = shifted(0, 0) * shifted(1, 1) - shifted(0, 1) * shifted(1, 0);
    return (shifted(1, 1) * filter.b[0] - shifted(0, 1) * filter.b[1]) / determinant;
  }
  return solve(shifted, filter.b.cast<std::complex<double>>())[0];
}

double spectral_radius(const Matrix& a) {
  if (a.rows() == 1) return std::abs(a(0, 0));
  return a.eigenvalues().cwiseAbs().maxCoeff();
}

}  // namespace

Matrix UpdateRule::transition(double eta, double curvature) const {
  Filter f = filter(eta);
  f.a0.col(0) += (curvature + weight_decay()) * f.b;
  return f.a0;
}

double UpdateRule::deterministic_edge() const {
  // At the edge an eigenvalue of A sits on the unit circle at some z = e^{iω}, so T(z) is real and λ = 1/T(z). z = −1
  // is always a candidate (T is real there); others are the zeros of Im T, located on a grid and refined by bisection.
  const Filter unit = filter(1.0);
  double edge = std::numeric_limits<double>::infinity();
  const auto consider = [&](double omega) {
    const double inverse = transfer_function(unit, std::polar(1.0, omega)).real();
    if (inverse > 0) edge = std::min(edge, 1 / inverse);
  };
  {
    const double inverse = transfer_function(unit, -1.0).real();
    if (inverse > 0) edge = 1 / inverse;
  }
  constexpr int grid = 4096;
  const auto imaginary = [&](double omega) { return transfer_function(unit, std::polar(1.0, omega)).imag(); };
  double left = std::numbers::pi / grid;
  double value_left = imaginary(left);
  for (int i = 2; i < grid; ++i) {
    const double right = std::numbers::pi * i / grid;
    const double value_right = imaginary(right);
    if ((value_left < 0) != (value_right < 0)) {
      double a = left;
      double b = right;
      while (true) {
        const double middle = 0.5 * (a + b);
        if (middle <= a || middle >= b) break;
        ((imaginary(middle) < 0) == (value_left < 0) ? a : b) = middle;
      }
      consider(b);
    }
    left = right;
    value_left = value_right;
  }
  const double inside = std::isinf(edge) ? 1.0 : 0.5 * edge;
  Matrix a = unit.a0;
  a.col(0) += inside * unit.b;
  return spectral_radius(a) < 1 ? edge : 0.0;
}

std::unique_ptr<UpdateRule> make_update_rule(std::string_view name, const RuleParameters& parameters) {
  check_argument(std::abs(parameters.momentum) < 1, name, "momentum", parameters.momentum, "a number in (-1, 1)");
  check_argument(parameters.weight_decay >= 0 && std::isfinite(parameters.weight_decay), name, "weight_decay",
                 parameters.weight_decay, "a finite number >= 0");
  for (const auto& rule : registry()) {
    if (rule.name == name) return rule.factory(parameters);
  }
  std::string known;
  for (const auto& rule : registry()) known += (known.empty() ? "" : ", ") + rule.name;
  fail_argument("make_update_rule", "rule", name, "one of " + known);
}

void register_update_rule(std::string name, UpdateRuleFactory factory) {
  for (const auto& rule : registry()) {
    check_argument(rule.name != name, "register_update_rule", "name", name, "a name that is not taken");
  }
  registry().push_back({std::move(name), factory});
}

std::vector<std::string> update_rule_names() {
  std::vector<std::string> names;
  for (const auto& rule : registry()) names.push_back(rule.name);
  return names;
}

}  // namespace brink
