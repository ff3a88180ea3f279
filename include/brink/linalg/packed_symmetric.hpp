#pragma once
// Symmetric matrices as vectors: the lower triangle column by column, entries off the diagonal times √2, so that the
// Euclidean inner product of two vectors is that of the matrices.

#include "brink/linalg/matrix.hpp"

namespace brink {

/// Lower triangle of `lower` (r × r, upper triangle not read) to r(r+1)/2 numbers.
void pack_symmetric(const Matrix& lower, Vector& packed);
void pack_symmetric(const SingleMatrix& lower, SingleVector& packed);

/// The inverse: writes the lower triangle of `lower` (r × r already).
void unpack_symmetric(const Vector& packed, Matrix& lower);
void unpack_symmetric(const SingleVector& packed, SingleMatrix& lower);

/// Copies the lower triangle of `a` to its upper one.
void mirror_lower(Matrix& a);

}  // namespace brink
