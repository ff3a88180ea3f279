#pragma once
// A second-moment mode of the whole optimizer state (x and its buffers), seen from both sides.

#include "brink/linalg/matrix.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

/// With Z = E z zᵀ, one step is Z ↦ 𝒯(Z) = A Z Aᵀ + b bᵀ ⊗ N(Z_xx), A the noise-free step and N the noise operator.
struct LiftedMode {
  /// 𝒯(Z) = ρZ: k·r × k·r, all of x first, then each buffer; trace 1. E z zᵀ = ρᵗ Z exactly when z₀ has covariance Z.
  Matrix covariance;
  /// The blocks W_ii (k × k, positive semidefinite) of the adjoint mode 𝒯*(W) = ρW, each written as a column: k² × r.
  /// E zᵀWz = ρᵗ z₀ᵀWz₀ exactly from any start: W weighs what of a state will carry the growth. Scaled so that
  /// Σ_i tr(W_ii Z_ii) = 1.
  Matrix weights;
};

/// The lifted mode of a leading mode X (covariance of x, r × r, eigenbasis) with growth factor ρ = exp(log_growth).
/// Both sides come from the same X, because N is symmetric. With S = (ρ − A_i ⊗ A_j)⁻¹ b⊗b,
///
///   Z_ij = S · X_ij/S_xx,   W_ij = (ρ − A_iᵀ ⊗ A_jᵀ)⁻¹ e_x⊗e_x · X_ij/S_xx.
///
/// docs/theory.md, (7.2). O(r² k⁶).
[[nodiscard]] LiftedMode lifted_mode(const UpdateRule& rule, const Vector& spectrum, double eta, double log_growth,
                                     const Matrix& mode);

}  // namespace brink
