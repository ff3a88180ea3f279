#pragma once
// Controls: the same dynamics with one property of its mini-batch noise taken away, to see what that property does.
//
// The gradient of a mini-batch is g = Hx + ξ, where ξ has mean zero and covariance Σ(x) = N(xxᵀ), docs/theory.md,
// (4.1). Each control keeps the mean Hx and replaces ξ:
//
//   gaussian    ξ ~ N(0, Σ(x)): the same second moment at every x, so the same mean-square growth, exactly; other
//               moments and the Lyapunov exponent differ.
//   isotropic   ξ ~ N(0, tr Σ(x)/r · I): the same strength, no direction. Second moments grow by the ρ that solves
//               (1/r) Σ_j Q_jj S_j(ρ) = 1 beyond the noise-free growth, with tr Σ(x) = xᵀQx and S_j(ρ) = Σ_s ρ^−s
//               g_j(s)², g_j the response of mode j to a unit of gradient noise.
//   frozen      ξ ~ N(0, Σ(x_0)): noise of the strength it has at the start, which neither grows nor dies with the
//               loss. Below the noise-free edge the loss then settles, at every step size.
//
// controls of the order of the batches: brink/simulation/reshuffled_engine.hpp.

#include <string_view>

#include "brink/simulation/engine.hpp"

namespace brink {

enum class NoiseControl { gaussian, isotropic, frozen };

/// "gaussian-noise", "isotropic" or "frozen".
[[nodiscard]] std::string_view to_string(NoiseControl control);

/// Trajectories of the linearized model, in the eigenbasis of H, under the noise of a control; dynamics.law and
/// dynamics.batch_size say whose covariance it takes. Gradient noise at the minimum is left out. With frozen noise the
/// start x_0 is part of the state, so that scaling a state scales its noise; squared_norm() does not count it.
/// O(n·c·r) a step (isotropic and fresh Gaussian rows: O(r²), O(r)). Throws InvalidInput like make_linear_engine.
[[nodiscard]] std::unique_ptr<Engine> make_noise_control_engine(const LinearizedModel& model, const Dynamics& dynamics,
                                                                NoiseControl control);

}  // namespace brink
