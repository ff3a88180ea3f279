#pragma once
// The covariance of the whole optimizer state (x and its buffers) in a growing or decaying second-moment mode.

#include "brink/linalg/matrix.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

/// For a leading mode X (covariance of x, r × r, eigenbasis) with growth factor ρ = exp(log_growth), the covariance Z
/// of the lifted state (k·r × k·r, all of x first, then each buffer), trace 1. Blocks obey
///
///   ρ Z_ij = A(λ_i) Z_ij A(λ_j)ᵀ + (X_ij / S_ij) b bᵀ,
///
/// so that E z zᵀ = ρᵗ Z exactly when replicas start with covariance Z. O(r² k⁶).
[[nodiscard]] Matrix lifted_covariance(const UpdateRule& rule, const Vector& spectrum, double eta, double log_growth,
                                       const Matrix& mode);

}  // namespace brink
