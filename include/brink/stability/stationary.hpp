#pragma once
// The stationary state at a minimum that does not interpolate: gradient noise b_k keeps x moving around θ*.

#include "brink/stability/mean_square.hpp"

namespace brink {

struct StationaryState {
  Matrix covariance;                 ///< X = E xxᵀ (r × r, eigenbasis)
  double trace = 0;                  ///< E‖x‖² on the range of H
  double excess_loss = 0;            ///< E L − L* = ½ tr(HX)
  double gradient_norm_squared = 0;  ///< E‖∇L‖² = tr(H²X)
  double residual = 0;               ///< relative residual of the linear solve
  Index products = 0;
};

/// The stationary covariance below the threshold: (I − M) q = q₀, docs/theory.md, (5.1), by conjugate gradients, with
/// the gradient noise of the model; every rule. Throws InvalidInput when the model interpolates or eta is not below the
/// threshold, NotConverged when the solve stalls.
[[nodiscard]] StationaryState stationary_state(const LinearizedModel& model, const UpdateRule& rule,
                                               const BatchLaw& law, Index batch_size, double eta);

}  // namespace brink
