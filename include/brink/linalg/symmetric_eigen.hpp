#pragma once
// Dense symmetric eigendecomposition: LAPACK's divide and conquer (dsyevd), with its residual.

#include "brink/linalg/matrix.hpp"

namespace brink {

struct SymmetricEigen {
  Vector values;   ///< descending (algebraic)
  Matrix vectors;  ///< column i belongs to values[i]
  /// Measured: the largest of ‖Aω − VΛVᵀω‖ / max|λ| and ‖VVᵀω − ω‖ over a few fixed unit vectors ω.
  double residual = 0;
};

/// All eigenpairs of the symmetric matrix `a` (only its lower triangle is read). O(d³).
/// Throws InvalidInput when a is not square, not finite or larger than 32766, NotConverged when LAPACK fails.
[[nodiscard]] SymmetricEigen symmetric_eigen(const Matrix& a);

/// Eigenvalues only, descending.
[[nodiscard]] Vector symmetric_eigenvalues(const Matrix& a);

/// Whether the symmetric matrix (only its lower triangle is read) has no eigenvalue below −tolerance times the sum of
/// the absolute diagonal, by a Cholesky factorization of what that shift makes of it. O(d³/3).
[[nodiscard]] bool is_positive_semidefinite(Matrix lower, double tolerance = 1e-11);

}  // namespace brink
