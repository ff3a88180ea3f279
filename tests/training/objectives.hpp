#pragma once
// Small differentiable problems of the tests' own, with derivatives written by hand.

#include <cmath>
#include <numeric>
#include <vector>

#include "brink/network/objective.hpp"
#include "oracle/random.hpp"

namespace brink::test {

/// n samples, and the list of all of them.
template <class Base>
class WithSamples : public Base {
 public:
  explicit WithSamples(Index samples) : order_(static_cast<std::size_t>(samples)) {
    std::iota(order_.begin(), order_.end(), 0U);
  }
  Index samples() const override { return static_cast<Index>(order_.size()); }
  Batch all() const override { return {order_, static_cast<double>(order_.size())}; }

 private:
  std::vector<std::uint32_t> order_;
};

/// ℓ_k = ½ xᵀH_k x + b_kᵀx.
class Quadratics final : public WithSamples<Objective<double>> {
 public:
  Quadratics(std::vector<Matrix> hessians, std::vector<Vector> slopes)
      : WithSamples(static_cast<Index>(hessians.size())), h_(std::move(hessians)), b_(std::move(slopes)) {}

  Index parameters() const override { return b_[0].size(); }
  double loss(const Vector& x, const Batch& batch) const override {
    double sum = 0;
    for (const auto k : batch.samples) sum += 0.5 * x.dot(h_[k] * x) + b_[k].dot(x);
    return sum / batch.divisor;
  }
  double gradient(const Vector& x, const Batch& batch, Vector& out) const override {
    out.setZero();
    for (const auto k : batch.samples) out += h_[k] * x + b_[k];
    out /= batch.divisor;
    return loss(x, batch);
  }
  void hessian_product(const Vector&, const Batch& batch, const Vector& v, Vector& out) const override {
    out.setZero();
    for (const auto k : batch.samples) out += h_[k] * v;
    out /= batch.divisor;
  }
  void third_derivative(const Vector&, const Batch&, const Vector&, Vector& out) const override { out.setZero(); }

 private:
  std::vector<Matrix> h_;
  std::vector<Vector> b_;
};

/// f_k = Σ_j a_j tanh(w_jᵀx_k), ℓ_k = ½(f_k − y_k)²; θ = (a, w_1, …, w_m).
template <class Real>
class TinyNet final : public WithSamples<NetworkObjective<Real>> {
 public:
  using V = VectorOf<Real>;
  using R = RowMatrixOf<Real>;
  TinyNet(const Matrix& inputs, const Vector& targets, Index width)
      : WithSamples<NetworkObjective<Real>>(inputs.rows()),
        x_(inputs.cast<Real>()),
        y_(targets.cast<Real>()),
        m_(width),
        d_(inputs.cols()) {}

  Index parameters() const override { return m_ * (1 + d_); }
  Index outputs() const override { return 1; }

  Real loss(const V& theta, const Batch& batch) const override {
    double sum = 0;
    for (const auto k : batch.samples) {
      const double r = output(theta, k) - y_[k];
      sum += 0.5 * r * r;
    }
    return static_cast<Real>(sum / batch.divisor);
  }
  Real gradient(const V& theta, const Batch& batch, V& out) const override {
    out.setZero();
    V row(parameters());
    for (const auto k : batch.samples) {
      slope(theta, k, row);
      out += (output(theta, k) - y_[k]) * row;
    }
    out /= static_cast<Real>(batch.divisor);
    return loss(theta, batch);
  }
  void hessian_product(const V& theta, const Batch& batch, const V& v, V& out) const override {
    gauss_newton_product(theta, batch, v, out);
    for (const auto k : batch.samples) {
      const Real r = (output(theta, k) - y_[k]) / static_cast<Real>(batch.divisor);
      for (Index j = 0; j < m_; ++j) {
        const Real t = std::tanh(weight(theta, j).dot(x_.row(k)));
        const Real s = 1 - t * t;
        const Real along = weight(v, j).dot(x_.row(k));
        out[j] += r * s * along;
        for (Index i = 0; i < d_; ++i) out[m_ + j * d_ + i] += r * (v[j] * s - 2 * theta[j] * t * s * along) * x_(k, i);
      }
    }
  }
  void third_derivative(const V&, const Batch&, const V&, V& out) const override { out.setZero(); }
  void evaluate(const V& theta, const Batch& batch, R& f) const override {
    f.resize(static_cast<Index>(batch.samples.size()), 1);
    for (Index i = 0; i < f.rows(); ++i) f(i, 0) = output(theta, batch.samples[static_cast<std::size_t>(i)]);
  }
  void jacobian(const V& theta, const Batch& batch, R& rows) const override {
    rows.resize(static_cast<Index>(batch.samples.size()), parameters());
    V row(parameters());
    for (Index i = 0; i < rows.rows(); ++i) {
      slope(theta, batch.samples[static_cast<std::size_t>(i)], row);
      rows.row(i) = row.transpose();
    }
  }
  void gauss_newton_rows(const V& theta, const Batch& batch, R& rows) const override { jacobian(theta, batch, rows); }
  void gauss_newton_product(const V& theta, const Batch& batch, const V& v, V& out) const override {
    out.setZero();
    V row(parameters());
    for (const auto k : batch.samples) {
      slope(theta, k, row);
      out += row.dot(v) * row;
    }
    out /= static_cast<Real>(batch.divisor);
  }
  void residuals(const V& theta, const Batch& batch, R& r) const override {
    evaluate(theta, batch, r);
    for (Index i = 0; i < r.rows(); ++i) r(i, 0) -= y_[batch.samples[static_cast<std::size_t>(i)]];
  }

 private:
  auto weight(const V& theta, Index j) const { return theta.segment(m_ + j * d_, d_).transpose(); }
  Real output(const V& theta, std::uint32_t k) const {
    Real f = 0;
    for (Index j = 0; j < m_; ++j) f += theta[j] * std::tanh(weight(theta, j).dot(x_.row(k)));
    return f;
  }
  void slope(const V& theta, std::uint32_t k, V& row) const {
    for (Index j = 0; j < m_; ++j) {
      const Real t = std::tanh(weight(theta, j).dot(x_.row(k)));
      row[j] = t;
      for (Index i = 0; i < d_; ++i) row[m_ + j * d_ + i] = theta[j] * (1 - t * t) * x_(k, i);
    }
  }

  R x_;
  V y_;
  Index m_;
  Index d_;
};

/// ℓ_k = log(1 + exp(−y_k θᵀx_k)), y = ±1.
class Logistic final : public WithSamples<Objective<double>> {
 public:
  Logistic(Matrix inputs, Vector labels) : WithSamples(inputs.rows()), x_(std::move(inputs)), y_(std::move(labels)) {}

  Index parameters() const override { return x_.cols(); }
  double loss(const Vector& theta, const Batch& batch) const override {
    double sum = 0;
    for (const auto k : batch.samples) sum += std::log1p(std::exp(-y_[k] * x_.row(k).dot(theta)));
    return sum / batch.divisor;
  }
  double gradient(const Vector& theta, const Batch& batch, Vector& out) const override {
    out.setZero();
    for (const auto k : batch.samples)
      out -= y_[k] / (1 + std::exp(y_[k] * x_.row(k).dot(theta))) * x_.row(k).transpose();
    out /= batch.divisor;
    return loss(theta, batch);
  }
  void hessian_product(const Vector& theta, const Batch& batch, const Vector& v, Vector& out) const override {
    out.setZero();
    for (const auto k : batch.samples) {
      const double share = 1 / (1 + std::exp(y_[k] * x_.row(k).dot(theta)));
      out += share * (1 - share) * x_.row(k).dot(v) * x_.row(k).transpose();
    }
    out /= batch.divisor;
  }
  void third_derivative(const Vector&, const Batch&, const Vector&, Vector& out) const override { out.setZero(); }

 private:
  Matrix x_;
  Vector y_;
};

inline Vector normal_vector(Index size, oracle::Random& random) {
  Vector v(size);
  for (double& each : v) each = random.normal();
  return v;
}

inline Matrix normal_matrix(Index rows, Index columns, oracle::Random& random) {
  Matrix a(rows, columns);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) a(i, j) = random.normal();
  return a;
}

/// A net with enough units to interpolate, unless `units` says otherwise.
template <class Real = double>
TinyNet<Real> tiny_net(Index samples = 12, Index width = 8, std::uint64_t seed = 5) {
  oracle::Random random(seed);
  const Matrix inputs = normal_matrix(samples, 3, random);
  return TinyNet<Real>(inputs, normal_vector(samples, random), width);
}

template <class Real = double>
VectorOf<Real> tiny_start(const Objective<Real>& net, std::uint64_t seed = 9) {
  oracle::Random random(seed);
  return (0.7 * normal_vector(net.parameters(), random)).template cast<Real>();
}

/// More samples than parameters: targets of a net of the same size, with noise.
inline TinyNet<double> noisy_teacher(Index samples = 40, Index width = 3, std::uint64_t seed = 5) {
  oracle::Random random(seed);
  const Matrix inputs = normal_matrix(samples, 3, random);
  const TinyNet<double> teacher(inputs, Vector::Zero(samples), width);
  RowMatrix f;
  teacher.evaluate(tiny_start(teacher, 21), teacher.all(), f);
  const Vector targets = f.col(0) + 0.1 * normal_vector(samples, random);
  return TinyNet<double>(inputs, targets, width);
}

inline Quadratics small_quadratics(Index samples = 6, Index d = 3, bool interpolates = false, std::uint64_t seed = 3) {
  oracle::Random random(seed);
  std::vector<Matrix> h;
  std::vector<Vector> b;
  for (Index k = 0; k < samples; ++k) {
    const Matrix a = normal_matrix(d, d, random);
    h.push_back(a * a.transpose() / static_cast<double>(d));
    b.push_back(interpolates ? Vector(Vector::Zero(d)) : normal_vector(d, random));
  }
  return Quadratics(std::move(h), std::move(b));
}

}  // namespace brink::test
