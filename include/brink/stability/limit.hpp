#pragma once
// Mean-square stability of models that are infinitely large, from the law of their curvatures alone.
//
// Fresh Gaussian rows do not couple the modes of H except through the loss, so that finite models obey a secular
// equation, and its limit is one integral: with the response S(λ; η, ρ) of a mode to noise (the diagonal of
// brink/stability/transfer_kernel.hpp) and the noise level ν,
//
//   proportional limit (d, B, n → ∞ at fixed ratios, ν = lim p₁ d):   ν ∫ λ² S dμ(λ) = 1,
//   infinite dimension at a fixed batch size (ν = 1/B):               Σ_j s_j/(1 − s_j) = 1,  s_j = ν λ_j² S(λ_j).
//
// The threshold is the η where this holds at ρ = 1, the growth at a given η the ρ where it holds, and the noise-free
// value where it holds nowhere: a limit can have no noise left at its edge. [Paquette, Lee, Pedregosa & Paquette 2021;
// Lee, Cheng, Paquette & Paquette 2022], docs/theory.md, (4.15) and (4.9).

#include <string>
#include <string_view>

#include "brink/model/spectral_law.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

/// The noise level ν of a batch. In a proportional law `batch` is B/d > 0 and ν = lim p₁ d: d/B for fresh or repeated
/// draws ("gaussian", "with-replacement"), d/B − d/n for "without-replacement" and "bernoulli", which need a law of
/// finitely many samples and B ≤ n. Otherwise `batch` is B ≥ 1, the sampling "gaussian", and ν = 1/B.
/// Throws InvalidInput for anything else. docs/theory.md, (4.14).
[[nodiscard]] double limit_noise(const SpectralLaw& law, std::string_view sampling, double batch);

struct LimitThreshold {
  double eta = 0;                ///< η*
  double residual = 0;           ///< relative: what the last refinement of the quadrature changed, and rounding
  double eta_deterministic = 0;  ///< the noise-free edge of the largest curvature
  bool at_edge = false;          ///< η* is the noise-free edge
  std::string method;
};

/// The mean-square threshold of the limit, docs/theory.md, (4.15) at ρ = 1, or (4.9). O(nodes) an evaluation, about ten
/// a level.
[[nodiscard]] LimitThreshold limit_threshold(const SpectralLaw& law, const UpdateRule& rule, double noise);

struct LimitGrowth {
  double log_growth = 0;  ///< ln ρ, per step, of the second moment
  double residual = 0;    ///< absolute
  bool stable = false;    ///< η < η*. With curvatures down to 0 nothing decays exponentially: log_growth is 0 then
  std::string method;
};

/// ln of the growth of E‖z‖² per step at step size eta > 0: docs/theory.md, (4.15) or (4.9) solved for ρ.
[[nodiscard]] LimitGrowth limit_growth(const SpectralLaw& law, const UpdateRule& rule, double noise, double eta);

/// ν ∫ λ² S dμ, or the eigenvalue that the secular equation has in its place, at step size eta below the noise-free
/// edge and ρ = 1: below 1 exactly where the limit is stable. For the proportional limit it is the norm Σ_t K(t) of the
/// kernel of the Volterra equation (brink/stability/loss_curve.hpp). docs/theory.md, (4.15).
[[nodiscard]] double limit_kernel_norm(const SpectralLaw& law, const UpdateRule& rule, double noise, double eta);

}  // namespace brink
