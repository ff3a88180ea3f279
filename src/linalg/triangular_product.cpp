#include "brink/linalg/triangular_product.hpp"

#include <cblas.h>

namespace brink {
namespace {

// A diagonal block of this size is computed whole: halving it further costs more than the other triangle.
constexpr Index kLeaf = 64;

blasint as_blas(Index i) { return static_cast<blasint>(i); }

/// C = op(A) op(B), column-major.
void gemm(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, Index m, Index n, Index k, const double* a, Index lda,
          const double* b, Index ldb, double* c, Index ldc) {
  cblas_dgemm(CblasColMajor, trans_a, trans_b, as_blas(m), as_blas(n), as_blas(k), 1.0, a, as_blas(lda), b,
              as_blas(ldb), 0.0, c, as_blas(ldc));
}

void gemm(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, Index m, Index n, Index k, const float* a, Index lda,
          const float* b, Index ldb, float* c, Index ldc) {
  cblas_sgemm(CblasColMajor, trans_a, trans_b, as_blas(m), as_blas(n), as_blas(k), 1.0F, a, as_blas(lda), b,
              as_blas(ldb), 0.0F, c, as_blas(ldc));
}

/// B = LᵀB, column-major r × m with r × r lower triangular L.
void multiply_by_lower(Index r, Index m, const double* l, double* b) {
  cblas_dtrmm(CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, as_blas(r), as_blas(m), 1.0, l,
              as_blas(r), b, as_blas(r));
}

void multiply_by_lower(Index r, Index m, const float* l, float* b) {
  cblas_strmm(CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, as_blas(r), as_blas(m), 1.0F, l,
              as_blas(r), b, as_blas(r));
}

/// Rows and columns first … first+width of AᵀB: two halves on the diagonal and the whole block below between them.
template <class Rows, class Square>
void lower_of_transposed(const Rows& a, const Rows& b, Square& result, Index first, Index width) {
  const Index m = a.rows();
  const Index r = a.cols();
  // Row-major m × r is column-major r × m.
  const auto block = [&](Index row, Index rows, Index column, Index columns) {
    gemm(CblasNoTrans, CblasTrans, rows, columns, m, a.data() + row, r, b.data() + column, r,
         result.data() + column * r + row, r);
  };
  if (width <= kLeaf) return block(first, width, first, width);
  constexpr Index aligned = 16;
  const Index half = width / 2 / aligned * aligned;
  lower_of_transposed(a, b, result, first, half);
  lower_of_transposed(a, b, result, first + half, width - half);
  block(first + half, width - half, first, half);
}

template <class Rows, class Square>
void lower_of_transposed(const Rows& a, const Rows& b, Square& result) {
  const Index r = a.cols();
  if (result.rows() != r || result.cols() != r) result = Square::Zero(r, r);
  lower_of_transposed(a, b, result, 0, r);
}

template <class Rows, class Square>
void times_lower(const Rows& a, const Square& lower, Rows& result) {
  result = a;
  multiply_by_lower(a.cols(), a.rows(), lower.data(), result.data());
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
