#include "brink/stability/sample_products.hpp"

#include <type_traits>

#include "brink/linalg/triangular_product.hpp"

namespace brink {

template <class Scalar>
BasicSampleProducts<Scalar>::BasicSampleProducts(const LinearizedModel& model) : samples_(&model.samples()) {
  if constexpr (!std::is_same_v<Scalar, double>) {
    const double largest = samples_->rows.cwiseAbs().maxCoeff();
    scaled_rows_ = (samples_->rows / largest).template cast<Scalar>();
    unit_ = largest * largest;
  }
}

template <class Scalar>
const typename BasicSampleProducts<Scalar>::Rows& BasicSampleProducts<Scalar>::rows() const {
  if constexpr (std::is_same_v<Scalar, double>) {
    return samples_->rows;
  } else {
    return scaled_rows_;
  }
}

template <class Scalar>
Matrix BasicSampleProducts<Scalar>::signed_block(const RowMatrix& q, Index k) const {
  const Index c = outputs();
  Matrix block = q.middleRows(k * c, c);
  if (samples_->is_signed()) {
    const auto signs = samples_->signs.segment(k * c, c);
    block = signs.asDiagonal() * block * signs.asDiagonal();
  }
  return block;
}

template <class Scalar>
void BasicSampleProducts<Scalar>::gather(const Square& x, RowMatrix& q) const {
  const Rows& g = rows();
  const Index c = outputs();
  // X = L + Lᵀ with L the lower triangle and half the diagonal: A X Aᵀ = (A L) Aᵀ + its transpose, half the flops.
  halved_ = x;
  halved_.diagonal() *= Scalar(0.5);
  product_with_lower(g, halved_, work_);
  q.resize(g.rows(), c);
  for (Index k = 0; k < samples(); ++k) {
    if (c == 1) {
      q(k, 0) = 2 * static_cast<double>(work_.row(k).dot(g.row(k)));
      continue;
    }
    const Square half = work_.middleRows(k * c, c) * g.middleRows(k * c, c).transpose();
    q.middleRows(k * c, c) = (half + half.transpose()).template cast<double>();
  }
}

template <class Scalar>
void BasicSampleProducts<Scalar>::gather_diagonal(const Vector& x, RowMatrix& q) const {
  const RowMatrix& g = samples_->rows;
  const Index c = outputs();
  q.resize(g.rows(), c);
  for (Index k = 0; k < samples(); ++k) {
    const auto block = g.middleRows(k * c, c);
    q.middleRows(k * c, c) = block * x.asDiagonal() * block.transpose();
  }
  q /= unit_;
}

template <class Scalar>
void BasicSampleProducts<Scalar>::spread(const RowMatrix& q, Square& y) const {
  const Rows& g = rows();
  const Index c = outputs();
  work_.resize(g.rows(), g.cols());
  for (Index k = 0; k < samples(); ++k) {
    if (c == 1) {
      work_.row(k) = static_cast<Scalar>(q(k, 0)) * g.row(k);
      continue;
    }
    const Square block = signed_block(q, k).template cast<Scalar>();
    work_.middleRows(k * c, c).noalias() = block * g.middleRows(k * c, c);
  }
  lower_of_transposed_product(g, work_, y);
}

template class BasicSampleProducts<double>;
template class BasicSampleProducts<float>;

}  // namespace brink
