#include "brink/network/linear_model.hpp"

#include <fmt/format.h>

#include <numeric>
#include <vector>

#include "brink/base/error.hpp"

namespace brink {
namespace {

template <class Real>
class LinearModel final : public NetworkObjective<Real> {
  using V = VectorOf<Real>;
  using R = RowMatrixOf<Real>;

 public:
  LinearModel(const RowMatrix& features, const RowMatrix& targets)
      : features_(features.cast<Real>()),
        targets_(targets.cast<Real>()),
        order_(static_cast<std::size_t>(features.rows())) {
    std::iota(order_.begin(), order_.end(), 0U);
  }

  Index samples() const override { return features_.rows(); }
  Index parameters() const override { return targets_.cols() * features_.cols(); }
  Index outputs() const override { return targets_.cols(); }
  Batch all() const override { return {order_, static_cast<double>(order_.size())}; }

  Real loss(const V& theta, const Batch& batch) const override {
    thread_local R r;
    residuals(theta, batch, r);
    return r.squaredNorm() / static_cast<Real>(2 * batch.divisor);
  }
  Real gradient(const V& theta, const Batch& batch, V& out) const override {
    thread_local R r;
    residuals(theta, batch, r);
    as_weights(out).noalias() = r.transpose() * taken(batch) / static_cast<Real>(batch.divisor);
    return r.squaredNorm() / static_cast<Real>(2 * batch.divisor);
  }
  void hessian_product(const V&, const Batch& batch, const V& v, V& out) const override {
    thread_local R f;
    evaluate(v, batch, f);
    as_weights(out).noalias() = f.transpose() * taken(batch) / static_cast<Real>(batch.divisor);
  }
  void third_derivative(const V&, const Batch&, const V&, V& out) const override { out.setZero(); }

  void evaluate(const V& theta, const Batch& batch, R& f) const override {
    f.noalias() = taken(batch) * as_weights(theta).transpose();
  }
  void jacobian(const V&, const Batch& batch, R& rows) const override {
    const Index c = outputs();
    const Index q = features_.cols();
    rows.setZero(static_cast<Index>(batch.samples.size()) * c, parameters());
    Index row = 0;
    for (const auto k : batch.samples) {
      for (Index j = 0; j < c; ++j) rows.row(row++).segment(j * q, q) = features_.row(k);
    }
  }
  void gauss_newton_rows(const V& theta, const Batch& batch, R& rows) const override { jacobian(theta, batch, rows); }
  void gauss_newton_product(const V& theta, const Batch& batch, const V& v, V& out) const override {
    hessian_product(theta, batch, v, out);
  }
  void residuals(const V& theta, const Batch& batch, R& r) const override {
    evaluate(theta, batch, r);
    for (Index i = 0; i < r.rows(); ++i) r.row(i) -= targets_.row(batch.samples[static_cast<std::size_t>(i)]);
  }

 private:
  auto as_weights(const V& theta) const { return Eigen::Map<const R>(theta.data(), targets_.cols(), features_.cols()); }
  auto as_weights(V& theta) const { return Eigen::Map<R>(theta.data(), targets_.cols(), features_.cols()); }

  /// The features of a batch: themselves for all samples in order, else a copy.
  const R& taken(const Batch& batch) const {
    if (batch.samples.data() == order_.data() && batch.samples.size() == order_.size()) return features_;
    thread_local R copy;
    copy.resize(static_cast<Index>(batch.samples.size()), features_.cols());
    for (Index i = 0; i < copy.rows(); ++i) copy.row(i) = features_.row(batch.samples[static_cast<std::size_t>(i)]);
    return copy;
  }

  R features_;
  R targets_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

template <class Real>
std::unique_ptr<NetworkObjective<Real>> make_linear_model(const RowMatrix& features, const RowMatrix& targets) {
  constexpr std::string_view function = "make_linear_model";
  check_argument(features.size() > 0, function, "features", fmt::format("{} x {}", features.rows(), features.cols()),
                 "at least one sample and one feature");
  check_argument(targets.rows() == features.rows() && targets.cols() >= 1, function, "targets",
                 fmt::format("{} x {}", targets.rows(), targets.cols()),
                 fmt::format("one row for each of the {} samples", features.rows()));
  check_argument(features.allFinite() && targets.allFinite(), function, "features or targets", "not finite",
                 "finite numbers");
  return std::make_unique<LinearModel<Real>>(features, targets);
}

template std::unique_ptr<NetworkObjective<float>> make_linear_model(const RowMatrix&, const RowMatrix&);
template std::unique_ptr<NetworkObjective<double>> make_linear_model(const RowMatrix&, const RowMatrix&);

}  // namespace brink
