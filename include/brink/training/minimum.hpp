#pragma once
// From where training ended to the minimum itself, in double precision, with a certificate of what was reached.
//
// Gradient descent stops far from a minimum in the sense of linear stability theory: what is left of the slow
// directions shows up as gradient noise that is not there. Two second-order methods finish the work:
//
// - Levenberg–Marquardt on the Gauss–Newton matrix AᵀA/n + μI, for losses that are half squares of network outputs.
//   With μ proportional to the loss [Yamashita & Fukushima 2001] it converges quadratically to minima that
//   interpolate, even where the Hessian is singular. Solved densely through the smaller of JᵀJ and JJᵀ.
// - Newton's method with the exact Hessian, by conjugate gradients in a trust region [Steihaug 1983], for every other
//   loss and size, and after the first where the minimum does not interpolate (Gauss–Newton then converges linearly).
//   Directions of negative curvature lead away from saddle points.

#include <optional>
#include <string>

#include "brink/base/monitor.hpp"
#include "brink/network/objective.hpp"

namespace brink {

struct MinimumOptions {
  /// Converged when ‖∇L‖ ≤ gradient_tolerance · λ_max ‖θ‖ and the last step was ≤ step_tolerance · ‖θ‖.
  double gradient_tolerance = 1e-12;
  double step_tolerance = 1e-8;
  double length = 0;  ///< stands in for ‖θ‖ where that is smaller (a minimum at 0); find_minimum: ‖start‖ too
  Index max_iterations = 500;  ///< of each method
  Index max_products = 50000;  ///< Hessian-vector products on all samples
  Index dense_limit = 1500;    ///< largest dimension of a matrix that is formed and decomposed
};

/// What is known of a point that is said to be a minimum.
struct MinimumCertificate {
  double loss = 0;
  double gradient_norm = 0;
  double gradient_scale = 0;  ///< λ_max max(‖θ‖, length): a gradient is small in comparison with this
  double lambda_max = 0;      ///< of the exact Hessian, algebraically largest
  double lambda_max_residual = 0;
  double smallest_eigenvalue = 0;  ///< algebraically, of the exact Hessian on all of R^p: 0 where it has a null space
  double smallest_eigenvalue_residual = 0;
  std::string eigenvalue_method;  ///< "dense" or "lanczos"
  /// The smallest eigenvalue among those whose size exceeds rank_cut, and how many there are. Empty where neither the
  /// Hessian nor the Gram matrix is small enough to be decomposed.
  std::optional<double> smallest_on_range;
  std::optional<Index> rank;
  double rank_cut = 0;
  /// Root mean square over the samples of ‖∇ℓ_k‖: the gradient noise.
  double sample_gradient = 0;
  /// True when every sample is at its own minimum: sample_gradient ≤ 1e-8 · gradient_scale.
  bool interpolates = false;
  /// True when no eigenvalue is below −(its residual + 1e-8 λ_max).
  bool is_minimum = false;
};

struct Minimum {
  Vector theta;
  MinimumCertificate certificate;
  bool converged = false;
  std::string method;  ///< "levenberg-marquardt", "newton-cg", "levenberg-marquardt, newton-cg", "none"
  Index iterations = 0;
  Index products = 0;
  std::string advice;  ///< what to do when it has not converged; empty otherwise
};

/// Measures the point. O(p) Hessian products for p ≤ dense_limit, else some hundreds; n gradients of one sample.
[[nodiscard]] MinimumCertificate certify_minimum(const Objective<double>& objective, const Vector& theta,
                                                 const MinimumOptions& options = {});

/// Goes from `start` downhill to a minimum. The loss never rises beyond its round-off. Throws InvalidInput for a start
/// of another length or one whose loss is not finite, Interrupted when the monitor says so.
[[nodiscard]] Minimum find_minimum(const Objective<double>& objective, const Vector& start,
                                   const MinimumOptions& options = {}, const Monitor& monitor = {});

}  // namespace brink
