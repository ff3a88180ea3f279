#pragma once
// The expected loss of stochastic gradient descent on large least squares, step by step.
//
// With fresh Gaussian rows the noise of a step depends on the past through the loss alone. So the expected excess loss
// ψ_t = ½ E xᵀHx obeys a discrete Volterra equation of the second kind [Paquette, Lee, Pedregosa & Paquette 2021; with
// momentum Paquette & Paquette 2021; Lee, Cheng, Paquette & Paquette 2022],
//
//   ψ_t = F_t + Σ_{s<t} K(t−s) (ψ_s + σ),        F_t = ½ Σ_i λ_i e₁ᵀ A_i^t Z_ii(0) (A_iᵀ)^t e₁,
//
// σ being the loss at the minimum (half the variance of the labels), F the loss without noise, and
//
//   K(t) = ν ∫ λ² g_λ(t)² dμ         in the proportional limit, g the Green function of a mode,
//   K(t) = (1/B) Σ_i λ_i² G_i(t)     for any spectrum, finite or not, at a finite batch size: exactly. G_i(t) is the
//                                    response of E x_i² to noise, with the part of the noise that x_i makes itself:
//                                    G = g² + (λ²/B) g² * G.
//
// The sum of K is 1 at the mean-square threshold. docs/theory.md, (4.18) and (4.19).

#include <optional>
#include <vector>

#include "brink/model/spectral_law.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

struct LossCurveOptions {
  Index steps = 100;       ///< T ≥ 1
  double irreducible = 0;  ///< σ ≥ 0, in units of ψ_0
};

/// From a random start: every direction with curvature has the same E x_i², buffers are zero, and ψ_0 = 1.
struct LossCurve {
  std::vector<double> loss;     ///< ψ_0 … ψ_T, the excess over σ
  std::vector<double> kernel;   ///< K(1) … K(T)
  std::vector<double> forcing;  ///< F_0 … F_T
  double error = 0;             ///< largest relative error of ψ: what the last refinement of the quadrature changed
  std::optional<double> kernel_norm;  ///< Σ_{t≥1} K(t); absent where it diverges
  /// lim ψ_t = σ‖K‖/(1 − ‖K‖); absent when the limit does not exist, ‖K‖ ≥ 1.
  std::optional<double> limit_loss;
};

/// The loss curve of a law of curvatures at noise level `noise` (limit_noise): docs/theory.md, (4.18) and (4.19). O(T²)
/// and O(T·nodes·k⁴) for k states. Throws InvalidInput for options out of range and when the loss leaves the range of
/// numbers within T steps.
[[nodiscard]] LossCurve limit_loss_curve(const SpectralLaw& law, const UpdateRule& rule, double noise, double eta,
                                         const LossCurveOptions& options);

/// The same for fresh Gaussian rows with the finite spectrum given, exact at any dimension and batch size:
/// docs/theory.md, (4.18) with G for g².
[[nodiscard]] LossCurve gaussian_loss_curve(const Vector& spectrum, const UpdateRule& rule, Index batch_size,
                                            double eta, const LossCurveOptions& options);

}  // namespace brink
