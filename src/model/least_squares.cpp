#include "brink/model/least_squares.hpp"

#include <fmt/format.h>

#include <limits>

#include "brink/base/error.hpp"

namespace brink {
namespace {

using ConstVectorMap = Eigen::Map<const Vector>;

class LeastSquaresProblem final : public OriginalProblem {
 public:
  LeastSquaresProblem(RowMatrix features, RowMatrix targets, const RowMatrix& minimum,
                      std::shared_ptr<const Matrix> basis)
      : features_(std::move(features)),
        targets_(std::move(targets)),
        minimum_(ConstVectorMap(minimum.data(), minimum.size())),
        basis_(std::move(basis)) {}

  Index samples() const override { return features_.rows(); }
  Index dimension() const override { return minimum_.size(); }
  const Vector& minimum() const override { return minimum_; }

  void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                        double* /*workspace*/) const override {
    const Index q = features_.cols();
    Eigen::Map<Vector>(gradient, dimension()).setZero();
    for (Index i = 0; i < count; ++i) {
      const Index k = batch[i];
      const ConstVectorMap feature(features_.data() + k * q, q);
      for (Index j = 0; j < targets_.cols(); ++j) {
        const double residual = ConstVectorMap(theta + j * q, q).dot(feature) - targets_(k, j);
        Eigen::Map<Vector>(gradient + j * q, q) += residual * feature;
      }
    }
  }

  double loss(const Vector& theta) const override {
    const Eigen::Map<const RowMatrix> weights(theta.data(), targets_.cols(), features_.cols());
    return 0.5 * (features_ * weights.transpose() - targets_).squaredNorm() / static_cast<double>(samples());
  }

  Vector project_to_range(const Vector& direction) const override {
    const Eigen::Map<const RowMatrix> weights(direction.data(), targets_.cols(), features_.cols());
    const RowMatrix projected = (weights * *basis_) * basis_->transpose();
    return ConstVectorMap(projected.data(), projected.size());
  }

 private:
  RowMatrix features_;
  RowMatrix targets_;
  Vector minimum_;
  std::shared_ptr<const Matrix> basis_;  ///< of one output
};

/// Adds V diag(nλ)^{-1} Gᵀ (Y − ΦWᵀ) to W until the residual has no part left in the range of Φ that can be removed:
/// one pass solves the problem, the others take back what its rounding left for small eigenvalues.
RowMatrix minimum_norm_solution(const RowMatrix& features, const RowMatrix& targets, const LinearizedModel& model) {
  constexpr int passes = 10;
  const auto n = static_cast<double>(features.rows());
  const Vector singular = (n * model.spectrum()).cwiseSqrt();
  RowMatrix weights = RowMatrix::Zero(targets.cols(), features.cols());
  double previous = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < passes; ++pass) {
    const RowMatrix residual = targets - features * weights.transpose();
    const Matrix in_range = singular.cwiseInverse().asDiagonal() * (model.samples().rows.transpose() * residual);
    const double size = in_range.norm();
    if (size <= std::numeric_limits<double>::epsilon() * targets.norm() || size > 0.5 * previous) break;
    weights += (model.basis() * (singular.cwiseInverse().asDiagonal() * in_range)).transpose();
    previous = size;
  }
  return weights;
}

}  // namespace

LeastSquares solve_least_squares(RowMatrix features, RowMatrix targets, double input_epsilon) {
  constexpr std::string_view function = "solve_least_squares";
  check_argument(targets.cols() >= 1 && targets.rows() == features.rows(), function, "targets",
                 fmt::format("{} x {}", targets.rows(), targets.cols()),
                 fmt::format("one row for each of the {} samples", features.rows()));
  check_argument(targets.allFinite(), function, "targets", "not finite", "finite numbers");
  const LinearizedModel single = LinearizedModel::from_rows(features, 1, input_epsilon);
  const RowMatrix weights = minimum_norm_solution(features, targets, single);
  RowMatrix residuals = features * weights.transpose() - targets;
  // At the minimum residuals are orthogonal to the range of Φ: what rounding left there would be a mean gradient.
  // Twice is enough.
  const Vector norms = (static_cast<double>(features.rows()) * single.spectrum()).cwiseSqrt();
  const Matrix range = single.samples().rows * norms.cwiseInverse().asDiagonal();
  for (int pass = 0; pass < 2; ++pass) residuals -= range * (range.transpose() * residuals);
  const double scale = targets.norm();
  const double relative = scale > 0 ? residuals.norm() / scale : 0.0;
  const bool interpolates = relative <= kInterpolationTolerance;
  return {
      LinearizedModel::from_independent_outputs(single, targets.cols(), interpolates ? RowMatrix() : residuals),
      std::make_shared<LeastSquaresProblem>(std::move(features), std::move(targets), weights, single.shared_basis()),
      relative};
}

}  // namespace brink
