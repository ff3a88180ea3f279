#pragma once
// Escape from a minimum above the threshold: the exact step of the loss, and the growth it promises.
//
//   E[L⁺ | x] = ½ xᵀH(I − ηH)²x + ½η² tr(N(xxᵀ) H)
//
// is exact for SGD without momentum at every step size. The last term is η² p ‖H‖_F² μ(x) L(x) where p₁ = p₂ = p, and
// at least that with p = p₁ under Bernoulli sampling; so E L grows by at least η² λ_min(N(H), H) a step, which is η² p
// ‖H‖_F² min μ for the former [Wu, Wang & Su 2022, arXiv 2207.02628]. docs/theory.md, (4.20).

#include <optional>
#include <string>

#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// The two parts of E[L⁺ | x].
struct LossStep {
  double contraction = 0;  ///< ½ tr(H(I − ηH)² X): the step along the mean gradient
  double noise = 0;        ///< ½η² tr(N(X) H): what the batch noise adds
};

/// E[L⁺] of one SGD step from x of covariance X (r × r, eigenbasis; xxᵀ for a given x), exact. O(n c r²). Throws
/// InvalidInput for a bad batch size or an X that is not r × r.
[[nodiscard]] LossStep loss_step(const LinearizedModel& model, const BatchLaw& law, Index batch_size, double eta,
                                 const Matrix& covariance);

/// The lower bound on the growth of the loss, ρ ≥ η² λ_min(N(H), H).
struct EscapeBound {
  /// λ_min(N(H), H)^(−½), the step size at which the bound says "unstable"; absent where it never does.
  std::optional<double> eta;
  double residual = 0;  ///< relative, of eta
  double smallest_mu = 0;  ///< min_x μ(x) = λ_min(⟨H_k H H_k⟩ − H³, H)/‖H‖_F², of the model alone; the bound is made
                           ///< of it where p₁ = p₂ only, and larger under Bernoulli sampling
  std::string reason;  ///< why eta is absent, or why the bound is vacuous; empty otherwise

  /// ln of the guaranteed growth a step at step size `at`, 2 ln(at/eta); absent where eta is.
  [[nodiscard]] std::optional<double> log_growth(double at) const;
};

/// The bound of one cell, from the condition "frobenius" (brink/stability/criterion.hpp). Absent, with the reason, for
/// a rule other than plain SGD. O(n c r² + r³).
[[nodiscard]] EscapeBound escape_bound(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                       Index batch_size);

}  // namespace brink
