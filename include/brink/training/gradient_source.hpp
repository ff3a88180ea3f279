#pragma once
// What an update rule is told the gradient is. Each source wraps another one, so that they combine with every rule:
//
//   plain        g(θ) = ∇L_B(θ)
//   label noise  g(θ) = ∇L_B(θ) + (1/divisor) Σ_{k in batch} J_kᵀε_k,  ε_k ~ N(0, σ²I) fresh at every step: for half
//                squares the gradient on the targets y_k − ε_k [Blanc, Gupta, Valiant & Valiant 2020]
//   SAM          g(θ + ρ g(θ)/‖g(θ)‖), on the same batch and noise [Foret, Kleiner, Mobahi & Neyshabur 2021]
//   given noise  g(θ) + Fᵀξ, ξ ~ N(0, I) fresh at every step: covariance FᵀF

#include <cstdint>
#include <memory>

#include "brink/network/objective.hpp"

namespace brink {

/// Noise is a function of these two.
struct StepKey {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
};

template <class Real>
class GradientSource {
 public:
  virtual ~GradientSource() = default;
  /// out = g(θ); returns L_B(θ) without the noise (of SAM: at θ itself).
  virtual Real gradient(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch, StepKey key,
                        VectorOf<Real>& out) const = 0;
  /// True when g is exactly ∇L_B, so that a gradient somebody has already computed will do.
  [[nodiscard]] virtual bool is_plain() const { return false; }
};

struct GradientSettings {
  double label_noise = 0;  ///< σ ≥ 0; 0: none. Needs a NetworkObjective
  double sam_radius = 0;   ///< ρ ≥ 0; 0: none
  RowMatrix noise_factor;  ///< F: m × p; empty: none. See covariance_factor
};

/// The sources above, one around the other in their order. Throws InvalidInput for a negative σ or ρ. float and double.
template <class Real>
[[nodiscard]] std::shared_ptr<const GradientSource<Real>> make_gradient_source(const GradientSettings& settings);

/// F (rank × p) with FᵀF = C, for a symmetric positive semidefinite C (p × p). Throws InvalidInput, naming the worst
/// entry or eigenvalue, for any other matrix (round-off of p·eps·λ_max is forgiven). O(p³).
[[nodiscard]] RowMatrix covariance_factor(const Matrix& covariance);

}  // namespace brink
