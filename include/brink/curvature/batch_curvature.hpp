#pragma once
// Curvature as mini-batches see it, at one point θ of training.
//
// With g_B = ∇L_B(θ), H_B = ∇²L_B(θ), and s_B the step that the optimizer would take, θ⁺ = θ − η s_B:
//
//   batch sharpness                      E[g_BᵀH_Bg_B / ‖g_B‖²]             [Andreyev & Beneventano 2024, arXiv
//   2412.20553] the same as a ratio of means         E[g_BᵀH_Bg_B] / E‖g_B‖² gradient–noise interaction E[g_BᵀHg_B] /
//   ‖∇L‖² interaction-aware sharpness          E[g_BᵀHg_B] / E‖g_B‖² = tr(HS_b)/tr(S_b),  S_b = E g_Bg_Bᵀ generalized
//   batch sharpness          E[s_BᵀH_Bs_B] / E[s_Bᵀg_B]          with momentum; η times it is 2 where the
//                                                                            iterates alternate about a minimum
//   directional sharpness                E[s_BᵀHs_B / ‖s_B‖²]                [Fu et al. 2023, arXiv 2306.09000]
//
// For plain SGD s_B = g_B. A mean of ratios and a ratio of means are different numbers: both are kept.

#include <cstdint>
#include <memory>
#include <optional>

#include "brink/base/monitor.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// Which batches to draw, and how many.
struct BatchProbeOptions {
  std::shared_ptr<const BatchLaw> law;  ///< of finite samples
  Index batch_size = 1;                 ///< B, 1 … n
  double relative_error = 0.05;         ///< wanted standard error of every quantity, relative; > 0
  Index min_batches = 16;               ///< ≥ 2
  Index max_batches = 1024;             ///< ≥ min_batches
  std::uint64_t seed = 0;
  std::uint32_t step = 0;  ///< of training: probes at different steps draw different batches
  int threads = 1;
};

/// What the optimizer is about to do; the buffers are those before the step.
template <class Real>
struct PendingStep {
  const UpdateRule* rule = nullptr;
  double eta = 0;                           ///< > 0
  const VectorOf<Real>* buffers = nullptr;  ///< (k − 1)·p numbers, null for zeros
};

struct BatchCurvature {
  Estimate batch_sharpness;
  Estimate batch_sharpness_in;      ///< ratio of means
  Estimate gradient_second_moment;  ///< E‖g_B‖²
  std::optional<Estimate> gradient_noise_interaction;
  std::optional<Estimate> interaction_aware_sharpness;
  std::optional<Estimate> generalized_batch_sharpness;
  std::optional<Estimate> directional_sharpness;
  Index batches = 0;  ///< drawn; 1 where every batch is the full one
  ProbeCost cost;
};

/// All quantities from the same batches. Those with the full Hessian need `with_full_hessian` (one more product over
/// all samples a batch); those of the step need `step`. Draws until every standard error reaches the wanted relative
/// error; what does not by max_batches carries a warning. A batch without gradient (an empty one, say) is left out of
/// means of ratios and counted in ratios of means. Depends on options, θ and seed alone, not on threads. Throws
/// InvalidInput for options out of range or a gradient that is zero in every batch, Interrupted from the monitor.
template <class Real>
[[nodiscard]] BatchCurvature batch_curvature(const Objective<Real>& objective, const VectorOf<Real>& theta,
                                             const BatchProbeOptions& options, bool with_full_hessian = true,
                                             const PendingStep<Real>& step = {}, const Monitor& monitor = {});

/// E_B λ_max(H_B), with its standard error. `start` (may be empty) warm-starts every batch.
struct BatchSharpest {
  Estimate value;
  Index batches = 0;
  ProbeCost cost;
};
template <class Real>
[[nodiscard]] BatchSharpest batch_lambda_max(const Objective<Real>& objective, const VectorOf<Real>& theta,
                                             const BatchProbeOptions& options, const Vector& start = {},
                                             const Monitor& monitor = {});

extern template BatchCurvature batch_curvature(const Objective<float>&, const VectorOf<float>&,
                                               const BatchProbeOptions&, bool, const PendingStep<float>&,
                                               const Monitor&);
extern template BatchCurvature batch_curvature(const Objective<double>&, const VectorOf<double>&,
                                               const BatchProbeOptions&, bool, const PendingStep<double>&,
                                               const Monitor&);
extern template BatchSharpest batch_lambda_max(const Objective<float>&, const VectorOf<float>&,
                                               const BatchProbeOptions&, const Vector&, const Monitor&);
extern template BatchSharpest batch_lambda_max(const Objective<double>&, const VectorOf<double>&,
                                               const BatchProbeOptions&, const Vector&, const Monitor&);

}  // namespace brink
