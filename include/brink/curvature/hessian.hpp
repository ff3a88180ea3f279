#pragma once
// The Hessian of an objective as an operator, its largest eigenvalues, and what they cost.

#include <memory>
#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/linalg/top_eigenvalues.hpp"
#include "brink/network/objective.hpp"

namespace brink {

/// What a probe has spent: gradients and Hessian-vector products, each counted in passes over all n samples.
struct ProbeCost {
  double gradients = 0;
  double hessian_products = 0;

  ProbeCost& operator+=(const ProbeCost& other) {
    gradients += other.gradients;
    hessian_products += other.hessian_products;
    return *this;
  }
};

/// ∇²L_B(θ) as a symmetric operator in double precision; `products` counts. The objective and the samples of the batch
/// must outlive it.
template <class Real>
class HessianOperator {
 public:
  HessianOperator(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch)
      : hessian_(objective.hessian_at(theta, batch)), in_(theta.size()), out_(theta.size()) {}

  [[nodiscard]] Index dimension() const { return in_.size(); }
  [[nodiscard]] Index products() const { return products_; }
  void apply(const Vector& x, Vector& y) {
    in_ = x.cast<Real>();
    hessian_->apply(in_, out_);
    y = out_.template cast<double>();
    ++products_;
  }
  [[nodiscard]] SymmetricOperator as_operator() {
    return {dimension(), [this](const Vector& x, Vector& y) { apply(x, y); }};
  }

 private:
  std::unique_ptr<HessianProducts<Real>> hessian_;
  VectorOf<Real> in_, out_;
  Index products_ = 0;
};

/// The largest eigenvalues of a Hessian. Each error is the measured residual ‖Hv − λv‖: an eigenvalue of H lies within.
struct TopCurvature {
  std::vector<Estimate> values;  ///< descending
  std::vector<Vector> vectors;   ///< unit norm: warm starts for the next step
  ProbeCost cost;
};

/// The `count` algebraically largest eigenvalues of ∇²L_B(θ): sharpness λ_max first. `tolerance` is relative to the
/// largest |eigenvalue|; 0 stands for 1e-8 in double and 2e-4 in single precision. `starts` are the vectors of an
/// earlier point. Values that did not reach the tolerance carry a warning.
template <class Real>
[[nodiscard]] TopCurvature top_curvature(const Objective<Real>& objective, const VectorOf<Real>& theta,
                                         const Batch& batch, Index count = 1, const std::vector<Vector>& starts = {},
                                         double tolerance = 0, std::uint64_t seed = 0);

extern template TopCurvature top_curvature(const Objective<float>&, const VectorOf<float>&, const Batch&, Index,
                                           const std::vector<Vector>&, double, std::uint64_t);
extern template TopCurvature top_curvature(const Objective<double>&, const VectorOf<double>&, const Batch&, Index,
                                           const std::vector<Vector>&, double, std::uint64_t);

}  // namespace brink
