#pragma once
// The two products with the sample rows that all second-moment theory is made of.
//
//   gather:  q_k = A_k X A_kᵀ                       symmetric X (r × r) ↦ one c × c block a sample
//   spread:  Y   = Σ_k A_kᵀ Σ_k q_k Σ_k A_k         blocks ↦ symmetric r × r
//
// so that Σ_k H_k X H_k = spread(gather(X)), the halves of docs/theory.md, (4.4). Symmetric matrices are held as lower
// triangles; each product costs about n c r² flops at the speed of DGEMM. In single precision it takes half the time
// and is right to about 1e-6: good for a start, never for a result.

#include "brink/linalg/matrix.hpp"
#include "brink/model/linearized_model.hpp"

namespace brink {

/// Scalar is double or float; the model must outlive the object.
template <class Scalar>
class BasicSampleProducts {
 public:
  using Square = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Rows = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  explicit BasicSampleProducts(const LinearizedModel& model);

  [[nodiscard]] Index samples() const { return samples_->samples; }
  [[nodiscard]] Index outputs() const { return samples_->outputs; }
  [[nodiscard]] Index rank() const { return samples_->rows.cols(); }

  /// What is returned is to be multiplied by this: 1 in double precision; in single precision the square of the
  /// largest entry of the rows, which are scaled to 1 so that squares neither overflow nor vanish.
  [[nodiscard]] double unit() const { return unit_; }

  /// q (n·c × c): rows k·c … k·c+c−1 are the block of sample k. Reads the lower triangle of x.
  void gather(const Square& x, RowMatrix& q) const;

  /// The lower triangle of Y (r × r; the upper triangle is undefined).
  void spread(const RowMatrix& q, Square& y) const;

  /// gather for diagonal X, O(n c² r).
  void gather_diagonal(const Vector& x, RowMatrix& q) const;

 private:
  [[nodiscard]] const Rows& rows() const;
  [[nodiscard]] Matrix signed_block(const RowMatrix& q, Index k) const;

  const SampleRows* samples_;
  double unit_ = 1;
  Rows scaled_rows_;  ///< in single precision; double precision uses those of the model
  mutable Square halved_;
  mutable Rows work_;
};

using SampleProducts = BasicSampleProducts<double>;
using SingleSampleProducts = BasicSampleProducts<float>;

extern template class BasicSampleProducts<double>;
extern template class BasicSampleProducts<float>;

}  // namespace brink
