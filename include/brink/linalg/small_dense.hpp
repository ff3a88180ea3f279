#pragma once
// Dense systems and bases by LAPACK. Their templates in Eigen would take longer to compile than everything around them.

#include "brink/linalg/matrix.hpp"

namespace brink {

/// x with A x = b by LU factorization with partial pivoting, A d × d. O(d³). Throws NotConverged when A is singular to
/// the last bit.
[[nodiscard]] Vector solve(Matrix a, Vector b);
[[nodiscard]] Eigen::VectorXcd solve(Eigen::MatrixXcd a, Eigen::VectorXcd b);

/// An orthonormal basis of a space that the columns of A (m × d, d ≤ m, independent) span: m × d. O(m d²).
[[nodiscard]] Matrix orthonormal_columns(Matrix a);

}  // namespace brink
