#include "brink/linalg/triangular_product.hpp"

#include <cblas.h>

#include <algorithm>

namespace brink {
namespace {

// Columns a block: wide enough for DGEMM to reach its speed, narrow enough that little of the other triangle is
// computed.
constexpr Index kBlock = 96;

blasint as_int(Index i) { return static_cast<blasint>(i); }

}  // namespace

void lower_of_transposed_product(const RowMatrix& a, const RowMatrix& b, Matrix& result) {
  const Index m = a.rows();
  const Index r = a.cols();
  if (result.rows() != r || result.cols() != r) result = Matrix::Zero(r, r);
  for (Index first = 0; first < r; first += kBlock) {
    const Index width = std::min(kBlock, r - first);
    // Row-major m × r is column-major r × m: the block (rows first…r, columns first…first+width) of AᵀB.
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, as_int(r - first), as_int(width), as_int(m), 1.0,
                a.data() + first, as_int(r), b.data() + first, as_int(r), 0.0, result.data() + first * r + first,
                as_int(r));
  }
}

void product_with_lower(const RowMatrix& a, const Matrix& lower, RowMatrix& result) {
  const Index m = a.rows();
  const Index r = a.cols();
  result.resize(m, r);
  Matrix panel;
  for (Index first = 0; first < r; first += kBlock) {
    const Index width = std::min(kBlock, r - first);
    // Columns first…first+width of A L need only rows first…r of L; the little upper triangle of the panel is cleared.
    panel = lower.block(first, first, r - first, width);
    for (Index j = 1; j < width; ++j) panel.col(j).head(j).setZero();
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, as_int(width), as_int(m), as_int(r - first), 1.0, panel.data(),
                as_int(r - first), a.data() + first, as_int(r), 0.0, result.data() + first, as_int(r));
  }
}

void full_product(const RowMatrix& a, const Matrix& b, RowMatrix& result) {
  result.resize(a.rows(), b.cols());
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, as_int(b.cols()), as_int(a.rows()), as_int(a.cols()), 1.0,
              b.data(), as_int(b.rows()), a.data(), as_int(a.cols()), 0.0, result.data(), as_int(b.cols()));
}

}  // namespace brink
