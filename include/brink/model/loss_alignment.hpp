#pragma once
// How well the noise of stochastic gradients points along the curvature [Wu, Wang & Su 2022, arXiv 2207.02628].
//
// At x = θ − θ* near a minimum that interpolates, one sample's gradient H_k x has the covariance
//
//   Σ₁(x) = ⟨H_k xxᵀ H_k⟩ − H xxᵀ H,
//
// and one step of SGD raises the loss by ½η² p tr(Σ₁H). Measured by the loss L = ½ xᵀHx itself that is the factor
//
//   μ(x) = tr(Σ₁H) / (2L ‖H‖_F²) = direction · magnitude,
//   direction = tr(Σ₁H) / (‖Σ₁‖_F ‖H‖_F) ≤ 1,     magnitude = ‖Σ₁‖_F / (2L ‖H‖_F).
//
// All three do not change when x is scaled. docs/theory.md, (4.20).

#include "brink/model/linearized_model.hpp"

namespace brink {

struct LossAlignment {
  double mu = 0;         ///< μ
  double direction = 0;  ///< cosine between Σ₁ and H; 0 where there is no noise
  double magnitude = 0;  ///< size of the noise against the loss
  double error = 0;      ///< of mu, absolute: rounding
};

/// Whose gradients make the noise: the samples of the model, or fresh rows a ~ N(0, H), for which
/// Σ₁(x) = HxxᵀH + (xᵀHx) H.
enum class NoiseSource { samples, gaussian_rows };

/// The alignment at x (eigenbasis of H, r numbers). O(n c r + min(n, r) n r). Throws InvalidInput for an x of another
/// length, one that is not finite or where xᵀHx ≤ 0, and for a model without samples unless the rows are fresh.
[[nodiscard]] LossAlignment loss_alignment(const LinearizedModel& model, const Vector& x,
                                           NoiseSource source = NoiseSource::samples);

/// The same for x of covariance X (r × r, symmetric): xxᵀ is replaced by X in Σ₁ and in 2L = tr(HX). O(n c r²).
[[nodiscard]] LossAlignment loss_alignment(const LinearizedModel& model, const Matrix& covariance,
                                           NoiseSource source = NoiseSource::samples);

}  // namespace brink
