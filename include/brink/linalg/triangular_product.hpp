#pragma once
// The matrix products that second-moment work consists of, by DGEMM: two triangular ones at half the cost of full ones,
// and the rotation into the eigenbasis.

#include "brink/linalg/matrix.hpp"

namespace brink {

/// The lower triangle of AᵀB, known to be symmetric, for a, b: m × r. The upper triangle of `result` (r × r, resized)
/// is left undefined. About m r² flops.
void lower_of_transposed_product(const RowMatrix& a, const RowMatrix& b, Matrix& result);
void lower_of_transposed_product(const SingleRowMatrix& a, const SingleRowMatrix& b, SingleMatrix& result);

/// A L for a: m × r and the lower triangle L of `lower` (r × r; the upper triangle is not read). About m r² flops.
void product_with_lower(const RowMatrix& a, const Matrix& lower, RowMatrix& result);
void product_with_lower(const SingleRowMatrix& a, const SingleMatrix& lower, SingleRowMatrix& result);

/// A B in full.
void full_product(const RowMatrix& a, const Matrix& b, RowMatrix& result);

}  // namespace brink
