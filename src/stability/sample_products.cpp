#include "brink/stability/sample_products.hpp"

#include <algorithm>
#include <numbers>

#include "brink/linalg/triangular_product.hpp"

namespace brink {

SampleProducts::SampleProducts(const LinearizedModel& model, Precision precision) : samples_(&model.samples()) {
  if (precision == Precision::double_precision) return;
  scale_ = samples_->rows.cwiseAbs().maxCoeff();
  single_rows_ = (samples_->rows / scale_).cast<float>();
}

Matrix SampleProducts::signed_block(const RowMatrix& q, Index k) const {
  const Index c = outputs();
  Matrix block = q.middleRows(k * c, c);
  if (samples_->is_signed()) {
    const auto signs = samples_->signs.segment(k * c, c);
    block = signs.asDiagonal() * block * signs.asDiagonal();
  }
  return block;
}

void SampleProducts::gather_single(const Matrix& x, RowMatrix& q) const {
  const Index c = outputs();
  double largest = 0;
  for (Index j = 0; j < x.cols(); ++j) largest = std::max(largest, x.col(j).tail(x.rows() - j).cwiseAbs().maxCoeff());
  const double factor = largest > 0 ? largest : 1;
  single_square_ = (x / factor).cast<float>();
  single_square_.diagonal() *= 0.5F;
  product_with_lower(single_rows_, single_square_, single_work_);
  q.resize(single_rows_.rows(), c);
  for (Index k = 0; k < samples(); ++k) {
    const SingleMatrix half = single_work_.middleRows(k * c, c) * single_rows_.middleRows(k * c, c).transpose();
    q.middleRows(k * c, c) = (half + half.transpose()).cast<double>() * (factor * scale_ * scale_);
  }
}

void SampleProducts::spread_single(const RowMatrix& q, Matrix& y) const {
  const Index c = outputs();
  const double largest = q.cwiseAbs().maxCoeff();
  const double factor = largest > 0 ? largest : 1;
  single_work_.resize(single_rows_.rows(), single_rows_.cols());
  for (Index k = 0; k < samples(); ++k) {
    const SingleMatrix block = (signed_block(q, k) / factor).cast<float>();
    single_work_.middleRows(k * c, c).noalias() = block * single_rows_.middleRows(k * c, c);
  }
  lower_of_transposed_product(single_rows_, single_work_, single_square_);
  y = single_square_.cast<double>() * (factor * scale_ * scale_);
}

void SampleProducts::gather(const Matrix& x, RowMatrix& q) const {
  if (single_rows_.size() != 0) return gather_single(x, q);
  const RowMatrix& g = samples_->rows;
  const Index c = outputs();
  // X = L + Lᵀ with L the lower triangle and half the diagonal: A X Aᵀ = (A L) Aᵀ + its transpose, half the flops.
  halved_ = x;
  halved_.diagonal() *= 0.5;
  product_with_lower(g, halved_, work_);
  q.resize(g.rows(), c);
  for (Index k = 0; k < samples(); ++k) {
    if (c == 1) {
      q(k, 0) = 2 * work_.row(k).dot(g.row(k));
      continue;
    }
    const Matrix half = work_.middleRows(k * c, c) * g.middleRows(k * c, c).transpose();
    q.middleRows(k * c, c) = half + half.transpose();
  }
}

void SampleProducts::gather_diagonal(const Vector& x, RowMatrix& q) const {
  const RowMatrix& g = samples_->rows;
  const Index c = outputs();
  q.resize(g.rows(), c);
  for (Index k = 0; k < samples(); ++k) {
    const auto block = g.middleRows(k * c, c);
    q.middleRows(k * c, c) = block * x.asDiagonal() * block.transpose();
  }
}

void SampleProducts::spread(const RowMatrix& q, Matrix& y) const {
  if (single_rows_.size() != 0) return spread_single(q, y);
  const RowMatrix& g = samples_->rows;
  const Index c = outputs();
  work_.resize(g.rows(), g.cols());
  for (Index k = 0; k < samples(); ++k) {
    if (c == 1) {
      work_.row(k) = q(k, 0) * g.row(k);
      continue;
    }
    work_.middleRows(k * c, c).noalias() = signed_block(q, k) * g.middleRows(k * c, c);
  }
  lower_of_transposed_product(g, work_, y);
}

double symmetric_dot(const Matrix& a, const Matrix& b) {
  double sum = 0;
  const Index d = a.rows();
  for (Index j = 0; j < d; ++j) {
    sum += a(j, j) * b(j, j) + 2 * a.col(j).tail(d - j - 1).dot(b.col(j).tail(d - j - 1));
  }
  return sum;
}

void pack_symmetric(const Matrix& lower, Vector& packed) {
  const Index r = lower.rows();
  packed.resize(r * (r + 1) / 2);
  Index at = 0;
  for (Index j = 0; j < r; ++j) {
    packed[at] = lower(j, j);
    packed.segment(at + 1, r - j - 1) = std::numbers::sqrt2 * lower.col(j).tail(r - j - 1);
    at += r - j;
  }
}

void unpack_symmetric(const Vector& packed, Matrix& lower) {
  const Index r = lower.rows();
  Index at = 0;
  for (Index j = 0; j < r; ++j) {
    lower(j, j) = packed[at];
    lower.col(j).tail(r - j - 1) = packed.segment(at + 1, r - j - 1) / std::numbers::sqrt2;
    at += r - j;
  }
}

void mirror_lower(Matrix& a) { a.triangularView<Eigen::StrictlyUpper>() = a.transpose(); }

}  // namespace brink
