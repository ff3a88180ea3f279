#pragma once
// Update rules as the recursions that training programs run, in the PyTorch convention, and the matrices obtained by
// running them on unit vectors. No filter column of the library is used.

#include <functional>
#include <string_view>
#include <vector>

#include "brink/optimizer/update_rule.hpp"
#include "oracle/dense.hpp"

namespace oracle {

/// x and the momentum buffers move by one gradient.
struct Recursion {
  int buffers = 0;
  double weight_decay = 0;  ///< κ: the gradient g becomes g + κx before the rule sees it
  std::function<void(double eta, const Vector& gradient, Vector& x, std::vector<Vector>& buffers)> update;

  [[nodiscard]] int states() const { return buffers + 1; }
};

/// The recursion of "sgd", "heavy-ball", "nesterov", "dampened", "ema" or "qhm".
[[nodiscard]] Recursion recursion(std::string_view name, const brink::RuleParameters& parameters);

/// The kd × kd matrix of one step on the lifted state (x, m_1, …) when the gradient is `hessian`·x.
[[nodiscard]] Matrix lifted_map(const Recursion& rule, double eta, const Matrix& hessian);

/// What the constant gradient `gradient` adds to the lifted state in one step.
[[nodiscard]] Vector lifted_input(const Recursion& rule, double eta, const Vector& gradient);

/// The largest s such that every curvature in (0, s) is stable at η = 1 without noise: a fine scan of the spectral
/// radius, refined by bisection.
[[nodiscard]] double edge_by_scan(const Recursion& rule, double step, double largest);

}  // namespace oracle
