
#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/linalg/small_dense.hpp"
#include "brink/model/array_problems.hpp"
#include "output_curvature.hpp"

namespace brink {
namespace {

class GramProblem final : public OriginalProblem {
 public:
  GramProblem(GramData data, Matrix range)
      : data_(std::move(data)), range_(std::move(range)), minimum_(Vector::Zero(data_.gram.rows())) {}

  Index samples() const override { return data_.gram.rows() / data_.outputs; }
  Index dimension() const override { return data_.gram.rows(); }
  const Vector& minimum() const override { return minimum_; }
  Index workspace_size() const override { return data_.outputs; }

  void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                        double* workspace) const override {
    const Index c = data_.outputs;
    Eigen::Map<Vector> sum(gradient, dimension());
    sum.setZero();
    for (Index i = 0; i < count; ++i) {
      const Index k = batch[i];
      apply_output_curvature(data_.output_curvature, k, c, theta + k * c, workspace);
      for (Index j = 0; j < c; ++j) sum += (data_.loss_scale * workspace[j]) * data_.gram.col(k * c + j);
    }
  }

  double loss(const Vector& theta) const override {
    const Index c = data_.outputs;
    Vector forces(c);
    double sum = 0;
    for (Index k = 0; k < samples(); ++k) {
      apply_output_curvature(data_.output_curvature, k, c, theta.data() + k * c, forces.data());
      sum += 0.5 * forces.dot(theta.segment(k * c, c));
    }
    return data_.loss_scale * sum / static_cast<double>(samples());
  }

  Vector project_to_range(const Vector& direction) const override { return range_ * (range_.transpose() * direction); }

 private:
  GramData data_;
  Matrix range_;
  Vector minimum_;
};

/// R_k of every sample applied to the rows of `m`, block by block.
Matrix apply_factor(const RowMatrix& factor, Index outputs, const Matrix& m) {
  Matrix product(m.rows(), m.cols());
  for (Index k = 0; k < m.rows(); k += outputs) {
    product.middleRows(k, outputs) = factor.middleRows(k, outputs) * m.middleRows(k, outputs);
  }
  return product;
}

}  // namespace

LinearizedModel linearize(const GramData& data) {
  constexpr std::string_view function = "linearize";
  check_loss_scale(data.loss_scale, function);
  const Index rows = data.gram.rows();
  check_argument(data.outputs >= 1 && rows % data.outputs == 0, function, "outputs", data.outputs,
                 "a divisor of the size of the Gram matrix");
  if (data.loss_scale == 1 && data.output_curvature.size() == 0) {
    return LinearizedModel::from_gram(data.gram, data.outputs, data.input_epsilon);
  }
  require_memory(16.0 * static_cast<double>(data.gram.size()), function);
  Matrix scaled = data.loss_scale * data.gram;
  if (data.output_curvature.size() != 0) {
    const RowMatrix factor = factor_output_curvature(data.output_curvature, rows, data.outputs, data.input_epsilon);
    scaled = apply_factor(factor, data.outputs, scaled);                                 // R K
    scaled = apply_factor(factor, data.outputs, scaled.transpose()).transpose().eval();  // R K Rᵀ
  }
  return LinearizedModel::from_gram(scaled, data.outputs, data.input_epsilon);
}

std::shared_ptr<const OriginalProblem> make_problem(GramData data, const LinearizedModel& model) {
  // The model's K is U diag(nλ) Uᵀ with G = U diag(√(nλ)): U spans what SGD can reach.
  const Vector norms = (static_cast<double>(model.samples().samples) * model.spectrum()).cwiseSqrt();
  Matrix range = model.samples().rows * norms.cwiseInverse().asDiagonal();
  if (data.output_curvature.size() != 0) {
    // SGD moves f in the span of K Rᵀ, and K Rᵀ U diag(nλ)^{-1/2} = J V/√s, V the eigenvectors of H: orthonormalize it.
    const RowMatrix factor =
        factor_output_curvature(data.output_curvature, data.gram.rows(), data.outputs, data.input_epsilon);
    Matrix weighted(range.rows(), range.cols());
    for (Index k = 0; k < range.rows(); k += data.outputs) {
      weighted.middleRows(k, data.outputs) =
          factor.middleRows(k, data.outputs).transpose() * range.middleRows(k, data.outputs);
    }
    range = orthonormal_columns(data.gram * weighted * norms.cwiseInverse().asDiagonal());
  }
  return std::make_shared<GramProblem>(std::move(data), std::move(range));
}

}  // namespace brink
