#include <cmath>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/model/array_problems.hpp"
#include "output_curvature.hpp"

namespace brink {
namespace {

using ConstVectorMap = Eigen::Map<const Vector>;
using VectorMap = Eigen::Map<Vector>;

class RowsProblem final : public OriginalProblem {
 public:
  RowsProblem(RowsData data, std::shared_ptr<const Matrix> basis)
      : data_(std::move(data)), basis_(std::move(basis)), minimum_(Vector::Zero(data_.rows.cols())) {}

  Index samples() const override { return data_.rows.rows() / data_.outputs; }
  Index dimension() const override { return data_.rows.cols(); }
  const Vector& minimum() const override { return minimum_; }
  Index workspace_size() const override { return 2 * data_.outputs; }

  void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                        double* workspace) const override {
    const Index p = dimension();
    const Index c = data_.outputs;
    const ConstVectorMap x(theta, p);
    VectorMap sum(gradient, p);
    sum.setZero();
    for (Index i = 0; i < count; ++i) {
      const Index k = batch[i];
      double* const outputs = workspace;
      double* const forces = workspace + c;
      for (Index j = 0; j < c; ++j) outputs[j] = row(k * c + j).dot(x);
      apply_output_curvature(data_.output_curvature, k, c, outputs, forces);
      for (Index j = 0; j < c; ++j) sum += forces[j] * row(k * c + j);
      if (data_.gradient_noise.size() != 0) sum += data_.gradient_noise.row(k).transpose();
    }
    sum *= data_.loss_scale;
  }

  double loss(const Vector& theta) const override {
    const Index c = data_.outputs;
    const Vector outputs = data_.rows * theta;
    Vector forces(c);
    double sum = 0;
    for (Index k = 0; k < samples(); ++k) {
      apply_output_curvature(data_.output_curvature, k, c, outputs.data() + k * c, forces.data());
      sum += 0.5 * forces.dot(outputs.segment(k * c, c));
    }
    if (data_.gradient_noise.size() != 0) sum += (data_.gradient_noise * theta).sum();
    return data_.loss_scale * sum / static_cast<double>(samples());
  }

  Vector project_to_range(const Vector& direction) const override {
    return *basis_ * (basis_->transpose() * direction);
  }

 private:
  [[nodiscard]] ConstVectorMap row(Index i) const {
    return ConstVectorMap(data_.rows.data() + i * data_.rows.cols(), data_.rows.cols());
  }

  RowsData data_;
  std::shared_ptr<const Matrix> basis_;
  Vector minimum_;
};

}  // namespace

LinearizedModel linearize(const RowsData& data) {
  constexpr std::string_view function = "linearize";
  check_loss_scale(data.loss_scale, function);
  check_argument(data.outputs >= 1 && data.rows.rows() % data.outputs == 0, function, "outputs", data.outputs,
                 "a divisor of the number of rows");
  const double s = data.loss_scale;
  if (s == 1 && data.output_curvature.size() == 0) {
    return LinearizedModel::from_rows(data.rows, data.outputs, data.input_epsilon, data.gradient_noise);
  }
  require_memory(8.0 * static_cast<double>(data.rows.size()), function);
  RowMatrix rows = std::sqrt(s) * data.rows;
  if (data.output_curvature.size() != 0) {
    const Index c = data.outputs;
    const RowMatrix factor = factor_output_curvature(data.output_curvature, data.rows.rows(), c, data.input_epsilon);
    for (Index k = 0; k < data.rows.rows(); k += c) {
      rows.middleRows(k, c) = (factor.middleRows(k, c) * rows.middleRows(k, c)).eval();
    }
  }
  return LinearizedModel::from_rows(rows, data.outputs, data.input_epsilon, s * data.gradient_noise);
}

std::shared_ptr<const OriginalProblem> make_problem(RowsData data, const LinearizedModel& model) {
  return std::make_shared<RowsProblem>(std::move(data), model.shared_basis());
}

}  // namespace brink
