#pragma once
// Linear least squares on given features: L(θ) = (1/n) Σ_k ½‖W φ_k − y_k‖², θ = W (c × q, output-major).
//
// The loss is quadratic, so the linearized model is exact, at a minimum that interpolates and at one that does not:
// then b_k = (W* φ_k − y_k) ⊗ φ_k is its gradient noise. The Hessian is I_c ⊗ (ΦᵀΦ/n): the spectrum does not see how
// many outputs there are, but every sample acts on all of them at once, so the mean-square thresholds do.

#include <memory>

#include "brink/model/linearized_model.hpp"
#include "brink/model/original_problem.hpp"

namespace brink {

/// A residual above this fraction of ‖y‖ counts as gradient noise; below it the minimum interpolates.
inline constexpr double kInterpolationTolerance = 1e-10;

struct LeastSquares {
  LinearizedModel model;
  std::shared_ptr<const OriginalProblem> problem;  ///< minimum(): the minimum-norm minimizer θ*
  double relative_residual = 0;  ///< ‖ΦW*ᵀ − Y‖_F / ‖Y‖_F outside the range of Φ, 0 when Y = 0
};

/// `features` Φ: n × q, `targets` Y: n × c. The minimizer is computed in the range kept by the rank cut of
/// LinearizedModel::from_rows, with iterative refinement. O(nq·min(n, q) + (nc)(qc)).
/// Throws InvalidInput for wrong shapes, entries that are not finite, rank 0, or want of memory.
[[nodiscard]] LeastSquares solve_least_squares(RowMatrix features, RowMatrix targets, double input_epsilon);

}  // namespace brink
