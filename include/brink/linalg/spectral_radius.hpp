#pragma once
// The spectral radius of a general matrix, with an error that knows how ill-conditioned the eigenvalue is.

#include "brink/linalg/matrix.hpp"

namespace brink {

struct SpectralRadius {
  double value = 0;
  double error = 0;  ///< ε‖A‖/s, s the reciprocal condition number of the eigenvalue: at most ‖A‖
};

/// max |λ(A)| of a square matrix by LAPACK dgeevx, balanced. O(d³). Throws InvalidInput when a is not square, empty or
/// not finite, NotConverged when LAPACK fails.
[[nodiscard]] SpectralRadius spectral_radius(Matrix a);

}  // namespace brink
