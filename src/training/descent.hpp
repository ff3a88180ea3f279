#pragma once
// What the methods of find_minimum share: the point reached, and how a step is judged.

#include <algorithm>

#include "brink/training/minimum.hpp"

namespace brink {

// What a step won over what was predicted: beyond these the model of the loss is trusted further, or at least as far.
constexpr double kGoodRatio = 0.75;
constexpr double kFairRatio = 0.25;

/// A point on the way down.
struct Descent {
  const Objective<double>& objective;
  const MinimumOptions& options;
  const Monitor& monitor;
  double curvature;  ///< λ_max at the start, roughly: the unit of gradients is this times a length

  Vector theta;
  Vector gradient;
  double loss = 0;
  double last_step = 0;  ///< length of the last accepted step over ‖θ‖
  Index iterations = 0;
  Index products = 0;

  [[nodiscard]] bool converged() const {
    const double scale = curvature * std::max(theta.norm(), options.length);
    return gradient.norm() <= options.gradient_tolerance * scale && last_step <= options.step_tolerance;
  }

  /// Moves by `step` if that lowers the loss by a fair share of `predicted`; returns the ratio of what was won to what
  /// was predicted. Where the prediction drowns in the round-off of the loss, the gradient decides.
  double try_step(const Vector& step, double predicted);
};

/// Both return when the descent has converged, when no step helps any more, or when they have spent their iterations;
/// Levenberg–Marquardt also when it has become linearly slow, and at once for a loss it does not apply to (false).
bool levenberg_marquardt(Descent& descent);
void newton_cg(Descent& descent);

/// Whether ∇L = Jᵀr/n with the Gauss–Newton rows J and the residuals r: then the loss is half the square of r to first
/// order, as Levenberg–Marquardt assumes.
[[nodiscard]] bool is_half_square(const RowMatrix& rows, const RowMatrix& residuals, const Vector& gradient);

}  // namespace brink
