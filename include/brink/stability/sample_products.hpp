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

class SampleProducts {
 public:
  explicit SampleProducts(const LinearizedModel& model);

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
  const SampleRows* samples_;
  mutable Matrix halved_;
  mutable RowMatrix work_;
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
