#pragma once
// Dense linear algebra of the references: LAPACK called directly, products and Kronecker factors written as loops.
// Nothing here includes or links the library under test.

#include <Eigen/Core>
#include <complex>
#include <limits>
#include <vector>

namespace oracle {

inline constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// A ⊗ B, so that (A ⊗ B) vec(X) = vec(B X Aᵀ) for column-stacked vec.
[[nodiscard]] Matrix kronecker(const Matrix& a, const Matrix& b);

/// All eigenvalues of a general real matrix (dgeev).
[[nodiscard]] std::vector<std::complex<double>> eigenvalues(const Matrix& a);

/// max |eigenvalue|.
[[nodiscard]] double spectral_radius(const Matrix& a);

/// a⁻¹ b (dgesv, partial pivoting).
[[nodiscard]] Vector solve(const Matrix& a, const Vector& b);

/// Eigenvalues of a symmetric matrix, ascending (dsyev).
[[nodiscard]] Vector symmetric_eigenvalues(const Matrix& a);

/// Eigenvalues of the pencil A x = μ B x, B positive definite, ascending (dsygv).
[[nodiscard]] Vector pencil_eigenvalues(const Matrix& a, const Matrix& b);

/// Orthonormal basis (m² × m(m+1)/2, columns vec of symmetric matrices) of the symmetric m × m matrices.
[[nodiscard]] Matrix symmetric_basis(int m);

}  // namespace oracle
