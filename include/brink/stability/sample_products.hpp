#pragma once
// The two products with the sample rows that all second-moment theory is made of.
//
//   gather:  q_k = A_k X A_kᵀ                       symmetric X (r × r) ↦ one c × c block a sample
//   spread:  Y   = Σ_k A_kᵀ Σ_k q_k Σ_k A_k         blocks ↦ symmetric r × r
//
// so that Σ_k H_k X H_k = spread(gather(X)). Symmetric matrices are held as lower triangles; each product costs about
// n c r² flops at the speed of DGEMM.

#include "brink/linalg/matrix.hpp"
#include "brink/model/linearized_model.hpp"

namespace brink {

/// In which precision the products are computed; what goes in and comes out is double.
enum class Precision { single_precision, double_precision };

class SampleProducts {
 public:
  /// Single precision takes half the time and is right to about 1e-6: good for a start, never for a result.
  explicit SampleProducts(const LinearizedModel& model, Precision precision = Precision::double_precision);

  [[nodiscard]] Index samples() const { return samples_->samples; }
  [[nodiscard]] Index outputs() const { return samples_->outputs; }
  [[nodiscard]] Index rank() const { return samples_->rows.cols(); }

  /// q (n·c × c): rows k·c … k·c+c−1 are the block of sample k. Reads the lower triangle of x.
  void gather(const Matrix& x, RowMatrix& q) const;

  /// The lower triangle of Y (r × r; the upper triangle is undefined).
  void spread(const RowMatrix& q, Matrix& y) const;

  /// gather for diagonal X, O(n c² r).
  void gather_diagonal(const Vector& x, RowMatrix& q) const;

 private:
  void gather_single(const Matrix& x, RowMatrix& q) const;
  void spread_single(const RowMatrix& q, Matrix& y) const;
  [[nodiscard]] Matrix signed_block(const RowMatrix& q, Index k) const;

  const SampleRows* samples_;
  double scale_ = 1;             ///< of single_rows_: the largest entry is 1, so that squares do not underflow
  SingleRowMatrix single_rows_;  ///< empty in double precision
  mutable Matrix halved_;
  mutable RowMatrix work_;
  mutable SingleMatrix single_square_;
  mutable SingleRowMatrix single_work_;
};

/// Σ_{ij} of the entrywise product of two symmetric matrices given by their lower triangles.
[[nodiscard]] double symmetric_dot(const Matrix& a, const Matrix& b);

/// The lower triangle as a vector of r(r+1)/2 numbers whose Euclidean inner product is that of the symmetric matrices.
void pack_symmetric(const Matrix& lower, Vector& packed);

/// The inverse of pack_symmetric: writes the lower triangle of `lower` (r × r already).
void unpack_symmetric(const Vector& packed, Matrix& lower);

/// Copies the lower triangle of `a` to its upper one.
void mirror_lower(Matrix& a);

}  // namespace brink
