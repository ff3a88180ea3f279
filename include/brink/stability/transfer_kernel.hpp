#pragma once
// The response of the optimizer to gradient noise, mode by mode: the only place where the update rule enters theory.
//
// The Green function of mode i is g_i(s) = e₁ᵀ A(λ_i)^{s−1} b. For a growth factor ρ of the second moment
//
//   S_ij(ρ) = Σ_{s≥1} ρ^{−s} g_i(s) g_j(s),       w_ij = S_ij / (1 + p2 λ_i λ_j S_ij).
//
// Noise injected now, N, is found later as the covariance S ∘ N. For a rule with two states the transfer function of
// one mode is (b₁ z + c₀)/(z² − t_i z + d_i), and S_ij is rational in (t, d): with ρ^{−1/2} absorbed into the state and
//
//   e = 1 − t + d,   f = 1 + t + d,   g = 1 − d        (all three > 0 exactly when the mode is stable: Jury),
//   S_ij = 16 [(b₁² + c²)(g_i + g_j − g_i g_j) + b₁ c (t_i g_j + t_j g_i)]
//          / { ρ [ (f_i e_j − f_j e_i)² + 4 (f_i g_j + f_j g_i)(g_i e_j + g_j e_i) ] },     c = c₀/√ρ.
//
// The denominator is the resultant of the two characteristic polynomials after a Möbius map; it is a sum of positive
// terms, so nothing cancels even when β → 1 or at the edge. Rules with more states use a k² × k² linear solve per pair.

#include "brink/linalg/matrix.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

class TransferKernel {
 public:
  /// The rule on modes of curvature λ_i (weight decay of the rule is added where it acts).
  TransferKernel(const UpdateRule& rule, const Vector& spectrum);

  /// ln of the largest spectral radius of A(λ_i) ⊗ A(λ_i): the growth of the second moment without noise. S(ρ) exists
  /// for ln ρ above it.
  [[nodiscard]] double log_noise_free_growth(double eta) const;
  /// The mode that has it.
  [[nodiscard]] Index noise_free_leading_mode(double eta) const;

  /// The lower triangle of w, docs/theory.md, (4.3) and (4.5), at step size eta and growth factor ρ = exp(log_rho),
  /// which must lie above the noise-free growth. The upper triangle of `weights` (r × r) is undefined. O(r²).
  void weights(double eta, double log_rho, double p2, Matrix& weights) const;

  /// The same numbers, column by column (r(r+1)/2 of them), divided by the factor that is returned: it is of the order
  /// of η², so that the weights themselves fit any Scalar. Scalar is double or float.
  template <class Scalar>
  [[nodiscard]] double packed_weights(double eta, double log_rho, double p2,
                                      Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& weights) const;

  /// S_ii of docs/theory.md, (4.2). O(r).
  [[nodiscard]] Vector diagonal(double eta, double log_rho) const;

  /// True when every curvature plus weight decay is > 0: otherwise no step size is stable.
  [[nodiscard]] bool curvature_is_positive() const { return (spectrum_.array() + rule_->weight_decay() > 0).all(); }

  /// The step size at which the most curved mode reaches the noise-free edge of docs/theory.md, (2.2) (0 when a mode is
  /// never stable).
  [[nodiscard]] double deterministic_edge() const;

 private:
  struct TwoStateModes;
  [[nodiscard]] Vector log_noise_free_growths(double eta) const;
  [[nodiscard]] TwoStateModes two_state_modes(double eta, double log_rho) const;
  /// Writes column j of the lower triangle to column_of(j) (an array of r − j numbers); returns the factor left out.
  template <class ColumnOf>
  double fill_weights(double eta, double log_rho, double p2, ColumnOf column_of) const;
  template <class ColumnOf>
  double fill_general_weights(double eta, double log_rho, double p2, ColumnOf column_of) const;

  const UpdateRule* rule_;
  Vector spectrum_;
  bool two_state_;
};

}  // namespace brink
