#include <fmt/format.h>

#include "brink/base/error.hpp"
#include "brink/model/array_problems.hpp"
#include "output_curvature.hpp"

namespace brink {
namespace {

class HessiansProblem final : public OriginalProblem {
 public:
  HessiansProblem(HessiansData data, std::shared_ptr<const Matrix> basis)
      : data_(std::move(data)), basis_(std::move(basis)), minimum_(Vector::Zero(data_.hessians.cols())) {}

  Index samples() const override { return data_.hessians.rows() / dimension(); }
  Index dimension() const override { return data_.hessians.cols(); }
  const Vector& minimum() const override { return minimum_; }

  void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                        double* /*workspace*/) const override {
    const Index d = dimension();
    const Eigen::Map<const Vector> x(theta, d);
    Eigen::Map<Vector> sum(gradient, d);
    sum.setZero();
    for (Index i = 0; i < count; ++i) {
      sum.noalias() += hessian(batch[i]) * x;
      if (data_.gradient_noise.size() != 0) sum += data_.gradient_noise.row(batch[i]).transpose();
    }
    sum *= data_.loss_scale;
  }

  double loss(const Vector& theta) const override {
    double sum = 0;
    for (Index k = 0; k < samples(); ++k) sum += 0.5 * theta.dot(hessian(k) * theta);
    if (data_.gradient_noise.size() != 0) sum += (data_.gradient_noise * theta).sum();
    return data_.loss_scale * sum / static_cast<double>(samples());
  }

  Vector project_to_range(const Vector& direction) const override {
    return *basis_ * (basis_->transpose() * direction);
  }

 private:
  [[nodiscard]] Eigen::Map<const RowMatrix> hessian(Index k) const {
    const Index d = dimension();
    return Eigen::Map<const RowMatrix>(data_.hessians.data() + k * d * d, d, d);
  }

  HessiansData data_;
  std::shared_ptr<const Matrix> basis_;
  Vector minimum_;
};

}  // namespace

LinearizedModel linearize(const HessiansData& data) {
  constexpr std::string_view function = "linearize";
  const double s = data.loss_scale;
  check_loss_scale(s, function);
  const Index d = data.hessians.cols();
  if (d == 0 || data.hessians.rows() % d != 0) {
    fail_argument(function, "hessians", fmt::format("{} x {}", data.hessians.rows(), d), "stacked square matrices");
  }
  const Index samples = data.hessians.rows() / d;
  if (s == 1) {
    return LinearizedModel::from_hessians(data.hessians, samples, data.input_epsilon, data.gradient_noise);
  }
  return LinearizedModel::from_hessians(s * data.hessians, samples, data.input_epsilon, s * data.gradient_noise);
}

std::shared_ptr<const OriginalProblem> make_problem(HessiansData data, const LinearizedModel& model) {
  return std::make_shared<HessiansProblem>(std::move(data), model.shared_basis());
}

}  // namespace brink
