#pragma once
// A problem whose derivatives are a few dense lines: outputs f_kj(θ) = a_kjᵀθ + ½ θᵀQ_kj θ, half squares. Written for
// the tests, from the definitions alone.

#include <numeric>
#include <random>
#include <vector>

#include "brink/network/objective.hpp"

namespace brink::test {

template <class Real>
class ExampleObjective final : public NetworkObjective<Real> {
 public:
  /// `bend` scales the Q_kj: 0 is linear least squares.
  ExampleObjective(Index samples, Index outputs, Index parameters, double bend, unsigned seed)
      : n_(samples), c_(outputs), p_(parameters), everything_(static_cast<std::size_t>(samples)) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::iota(everything_.begin(), everything_.end(), 0U);
    linear_ = RowMatrix::NullaryExpr(n_ * c_, p_, [&](Index, Index) { return normal(random); });
    targets_ = Vector::NullaryExpr(n_ * c_, [&](Index) { return normal(random); });
    for (Index i = 0; i < n_ * c_; ++i) {
      const Matrix a = Matrix::NullaryExpr(p_, p_, [&](Index, Index) { return normal(random); });
      bends_.push_back(bend * (a + a.transpose()));
    }
  }

  Index samples() const override { return n_; }
  Index parameters() const override { return p_; }
  Index outputs() const override { return c_; }
  Batch all() const override { return {everything_, static_cast<double>(n_)}; }

  /// In double precision, with dense matrices.
  Vector row(const Vector& theta, Index i) const { return linear_.row(i).transpose() + bend(i) * theta; }
  double residual(const Vector& theta, Index i) const {
    return linear_.row(i).dot(theta) + 0.5 * theta.dot(bend(i) * theta) - targets_[i];
  }
  Vector dense_gradient(const Vector& theta, const Batch& batch) const {
    Vector g = Vector::Zero(p_);
    each(batch, [&](Index i) { g += residual(theta, i) * row(theta, i) / batch.divisor; });
    return g;
  }
  Matrix dense_hessian(const Vector& theta, const Batch& batch) const {
    Matrix h = Matrix::Zero(p_, p_);
    each(batch, [&](Index i) {
      const Vector a = row(theta, i);
      h += (a * a.transpose() + residual(theta, i) * bend(i)) / batch.divisor;
    });
    return h;
  }

  Real loss(const VectorOf<Real>& theta, const Batch& batch) const override {
    double sum = 0;
    each(batch, [&](Index i) { sum += 0.5 * std::pow(residual(wide(theta), i), 2) / batch.divisor; });
    return static_cast<Real>(sum);
  }
  Real gradient(const VectorOf<Real>& theta, const Batch& batch, VectorOf<Real>& out) const override {
    out = dense_gradient(wide(theta), batch).template cast<Real>();
    return loss(theta, batch);
  }
  void hessian_product(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& v,
                       VectorOf<Real>& out) const override {
    out = (dense_hessian(wide(theta), batch) * wide(v)).template cast<Real>();
  }
  void third_derivative(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& u,
                        VectorOf<Real>& out) const override {
    const Vector d = wide(u);
    Vector sum = Vector::Zero(p_);
    each(batch, [&](Index i) {
      const Vector bent = bend(i) * d;
      sum += (d.dot(bent) * row(wide(theta), i) + 2 * row(wide(theta), i).dot(d) * bent) / batch.divisor;
    });
    out = sum.template cast<Real>();
  }
  void evaluate(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& f) const override {
    f.resize(static_cast<Index>(batch.samples.size()), c_);
    Index entry = 0;
    each(batch, [&](Index i) { f.data()[entry++] = static_cast<Real>(residual(wide(theta), i) + targets_[i]); });
  }
  void jacobian(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& rows) const override {
    rows.resize(static_cast<Index>(batch.samples.size()) * c_, p_);
    Index entry = 0;
    each(batch, [&](Index i) { rows.row(entry++) = row(wide(theta), i).transpose().template cast<Real>(); });
  }
  void gauss_newton_rows(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& rows) const override {
    jacobian(theta, batch, rows);
  }
  void gauss_newton_product(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& v,
                            VectorOf<Real>& out) const override {
    RowMatrixOf<Real> rows;
    jacobian(theta, batch, rows);
    out = rows.transpose() * (rows * v) / static_cast<Real>(batch.divisor);
  }
  void residuals(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& r) const override {
    r.resize(static_cast<Index>(batch.samples.size()), c_);
    Index entry = 0;
    each(batch, [&](Index i) { r.data()[entry++] = static_cast<Real>(residual(wide(theta), i)); });
  }

 private:
  static Vector wide(const VectorOf<Real>& v) { return v.template cast<double>(); }
  const Matrix& bend(Index i) const { return bends_[static_cast<std::size_t>(i)]; }
  template <class Visit>
  void each(const Batch& batch, Visit visit) const {
    for (const std::uint32_t k : batch.samples)
      for (Index j = 0; j < c_; ++j) visit(static_cast<Index>(k) * c_ + j);
  }

  Index n_, c_, p_;
  std::vector<std::uint32_t> everything_;
  RowMatrix linear_;
  Vector targets_;
  std::vector<Matrix> bends_;
};

}  // namespace brink::test
