#pragma once
// The sharpness from step to step along a trajectory, where that of the step before is known.

#include "brink/curvature/hessian.hpp"

namespace brink {

/// As top_curvature(objective, theta, all, 1, {start}, tolerance), by a single Lanczos run from `start` that ends as
/// soon as its residual is below the tolerance: a few products near an eigenvector, instead of about sixty. No run from
/// elsewhere confirms the value, so `start` decides between eigenvalues that change places. Where the run does not
/// converge, it is top_curvature itself.
[[nodiscard]] TopCurvature followed_curvature(const Objective<double>& objective, const Vector& theta,
                                              const Vector& start, double tolerance);

}  // namespace brink
