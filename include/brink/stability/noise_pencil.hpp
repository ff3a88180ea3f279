#pragma once
// The largest eigenvalue of C⁻¹ P on symmetric matrices: what the closed form of the threshold and the batch-size gap
// have in common.

#include "brink/stability/noise_operator.hpp"

namespace brink {

struct NoisePencilTop {
  double value = 0;     ///< algebraically largest eigenvalue
  double residual = 0;  ///< of the symmetric eigenproblem, relative to the value
  Matrix mode;          ///< its eigenmatrix X (r × r, trace 1)
  Index products = 0;   ///< products with the sample rows spent
};

/// λ_max(C⁻¹ P), C(X)_ij = ½(κ_i + κ_j) X_ij with all κ > 0 and P(X) = scale·⟨H_k X H_k⟩ + diagonal ∘ X (entrywise;
/// only the lower triangle of `diagonal` is read): the eigenvalue of docs/theory.md, (4.7). Lanczos on r(r+1)/2
/// numbers, O(n c r²) a product. Throws NotConverged.
[[nodiscard]] NoisePencilTop noise_pencil_top(const NoiseOperator& noise, double scale, const Matrix& diagonal,
                                              const Vector& curvature);

}  // namespace brink
