// Gaussian gradient noise of a given covariance, whatever the batch does.

#include <fmt/format.h>

#include <limits>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/sampling/philox.hpp"
#include "gradient_sources.hpp"

namespace brink {
namespace {

template <class Real>
class GivenNoise final : public GradientSource<Real> {
 public:
  GivenNoise(GradientSourcePointer<Real> base, const RowMatrix& factor)
      : base_(std::move(base)), factor_(factor.cast<Real>()) {}

  Real gradient(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch, StepKey key,
                VectorOf<Real>& out) const override {
    check_argument(factor_.cols() == objective.parameters(), "training", "columns of noise_factor", factor_.cols(),
                   fmt::format("the {} parameters", objective.parameters()));
    const Real loss = base_->gradient(objective, theta, batch, key, out);
    Philox random(key.seed, Purpose::gaussian_rows, kGivenNoiseStream, key.step);
    thread_local VectorOf<Real> noise;
    noise.resize(factor_.rows());
    for (Real& each : noise) each = static_cast<Real>(random.normal());
    out.noalias() += factor_.transpose() * noise;
    return loss;
  }

 private:
  GradientSourcePointer<Real> base_;
  RowMatrixOf<Real> factor_;
};

}  // namespace

template <class Real>
GradientSourcePointer<Real> make_given_noise(GradientSourcePointer<Real> base, const RowMatrix& factor) {
  check_argument(factor.allFinite(), "make_gradient_source", "noise_factor", "not finite", "finite numbers");
  return std::make_shared<GivenNoise<Real>>(std::move(base), factor);
}

template GradientSourcePointer<float> make_given_noise(GradientSourcePointer<float>, const RowMatrix&);
template GradientSourcePointer<double> make_given_noise(GradientSourcePointer<double>, const RowMatrix&);

RowMatrix covariance_factor(const Matrix& covariance) {
  constexpr std::string_view function = "covariance_factor";
  const Index p = covariance.rows();
  check_argument(p > 0 && covariance.cols() == p, function, "shape", fmt::format("{} x {}", p, covariance.cols()),
                 "a square matrix");
  check_argument(covariance.allFinite(), function, "covariance", "not finite", "finite numbers");
  const double tolerance = static_cast<double>(p) * std::numeric_limits<double>::epsilon() *
                           covariance.cwiseAbs().rowwise().sum().maxCoeff();
  const double asymmetry = (covariance - covariance.transpose()).cwiseAbs().maxCoeff();
  check_argument(asymmetry <= tolerance, function, "largest |C - C^T|", asymmetry,
                 fmt::format("a symmetric matrix (at most {:.3g})", tolerance));
  const SymmetricEigen eigen = symmetric_eigen(covariance);
  check_argument(eigen.values[p - 1] >= -tolerance, function, "smallest eigenvalue", eigen.values[p - 1],
                 fmt::format("a positive semidefinite matrix (at least {:.3g})", -tolerance));
  const Index rank = (eigen.values.array() > tolerance).count();
  return eigen.values.head(rank).cwiseSqrt().asDiagonal() * eigen.vectors.leftCols(rank).transpose();
}

}  // namespace brink
