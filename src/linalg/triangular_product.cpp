#include "brink/linalg/triangular_product.hpp"

#include <cblas.h>

#include <algorithm>

namespace brink {
namespace {

// Columns a block: wide enough for DGEMM to reach its speed, narrow enough that little of the other triangle is
// computed.
constexpr Index kBlock = 96;

blasint as_int(Index i) { return static_cast<blasint>(i); }

/// C = op(A) op(B), column-major.
void gemm(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double* c, Index ldc) {
  cblas_dgemm(CblasColMajor, trans_a, trans_b, as_int(m), as_int(n), as_int(k), 1.0, a, as_int(lda), b, as_int(ldb),
              0.0, c, as_int(ldc));
}

void gemm(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float* c, Index ldc) {
  cblas_sgemm(CblasColMajor, trans_a, trans_b, as_int(m), as_int(n), as_int(k), 1.0F, a, as_int(lda), b, as_int(ldb),
              0.0F, c, as_int(ldc));
}

template <class Rows, class Square>
void lower_of_transposed(const Rows& a, const Rows& b, Square& result) {
  const Index m = a.rows();
  const Index r = a.cols();
  if (result.rows() != r || result.cols() != r) result = Square::Zero(r, r);
  for (Index first = 0; first < r; first += kBlock) {
    const Index width = std::min(kBlock, r - first);
    // Row-major m × r is column-major r × m: the block (rows first…r, columns first…first+width) of AᵀB.
    gemm(CblasNoTrans, CblasTrans, r - first, width, m, a.data() + first, r, b.data() + first, r,
         result.data() + first * r + first, r);
  }
}

template <class Rows, class Square>
void times_lower(const Rows& a, const Square& lower, Rows& result) {
  const Index m = a.rows();
  const Index r = a.cols();
  result.resize(m, r);
  Square panel;
  for (Index first = 0; first < r; first += kBlock) {
    const Index width = std::min(kBlock, r - first);
    // Columns first…first+width of A L need only rows first…r of L; the little upper triangle of the panel is cleared.
    panel = lower.block(first, first, r - first, width);
    for (Index j = 1; j < width; ++j) panel.col(j).head(j).setZero();
    gemm(CblasTrans, CblasNoTrans, width, m, r - first, panel.data(), r - first, a.data() + first, r,
         result.data() + first, r);
  }
}

}  // namespace

void lower_of_transposed_product(const RowMatrix& a, const RowMatrix& b, Matrix& result) {
  lower_of_transposed(a, b, result);
}

void lower_of_transposed_product(const SingleRowMatrix& a, const SingleRowMatrix& b, SingleMatrix& result) {
  lower_of_transposed(a, b, result);
}

void product_with_lower(const RowMatrix& a, const Matrix& lower, RowMatrix& result) { times_lower(a, lower, result); }

void product_with_lower(const SingleRowMatrix& a, const SingleMatrix& lower, SingleRowMatrix& result) {
  times_lower(a, lower, result);
}

void full_product(const RowMatrix& a, const Matrix& b, RowMatrix& result) {
  result.resize(a.rows(), b.cols());
  gemm(CblasTrans, CblasNoTrans, b.cols(), a.rows(), a.cols(), b.data(), b.rows(), a.data(), a.cols(), result.data(),
       b.cols());
}

}  // namespace brink
