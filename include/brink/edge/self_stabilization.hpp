#pragma once
// The experiment of Damian, Nichani & Lee (2022), docs/edge.md, (E.5) to (E.8): gradient descent from the moment the
// sharpness crosses the edge, beside the constrained trajectory, both predictions of the distance to it, and gradient
// flow.

#include <string>
#include <string_view>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/edge/predicted_dynamics.hpp"

namespace brink {

struct SelfStabilizationPlan {
  EdgeRule rule;
  Index steps = 1500;  ///< ≥ 1
  double kick = 0.3;   ///< the start is θ† + kick·δ·u, in (0, 1): a displacement of rounding size would
                       ///< grow unseen until it is far too large
  ConstrainedOptions constrained;
  Index second_every = 10;          ///< steps between measurements of λ₂, ≥ 1; with constrained.point.follow also
                                    ///< between those at which the sharpness is confirmed
  double largest_second = 0.95;     ///< stop when λ₂ exceeds this part of S*
  double largest_violation = 1e-3;  ///< stop when the projection leaves S above S*(1 + this)
  bool gradient_flow = true;
};

/// What a step records. Actual: gradient descent itself. Predicted: from θ† and v alone.
struct SelfStabilizationStep {
  Index step = 0;
  double loss = 0, sharpness = 0, sharpness_error = 0;  ///< actual, at θ
  double x = 0, y = 0, distance = 0;  ///< actual u·(θ−θ†), ∇S⊥·(θ−θ†), ‖θ−θ†‖
  double constrained_loss = 0, constrained_sharpness = 0;  ///< at θ†
  double alpha = 0, beta = 0, delta = 0, epsilon = 0;      ///< at θ†; δ and ε are 0 where α ≤ 0
  double second = 0, alignment = 0;                        ///< λ₂ and alignment at θ†
  double sharpness_violation = 0, gradient_violation = 0;  ///< of θ†
  EdgeReading plain, generalized;                          ///< predicted
  double plain_distance = 0, generalized_distance = 0;     ///< predicted ‖v‖
  double flow_loss = 0, flow_distance = 0, moved = 0;      ///< gradient flow, ‖θ − θ_flow‖; ‖θ − θ₀‖
};

enum class SelfStabilizationStatus {
  steps_done,
  second_direction,     ///< λ₂ came near the edge
  no_sharpening,        ///< α ≤ 0: the loss no longer raises the sharpness
  left_constraint,      ///< the projection did not reach the stable set
  diverged,             ///< of gradient descent
  prediction_diverged,  ///< the plain prediction left ten times δ; it is recorded up to there
};

/// "steps-done", "second-direction", …
[[nodiscard]] std::string_view to_string(SelfStabilizationStatus status);

struct SelfStabilization {
  std::vector<SelfStabilizationStep> steps;
  EdgeAssumptions assumptions;  ///< at the start
  SelfStabilizationStatus status = SelfStabilizationStatus::steps_done;
  std::string reason;
};

/// Runs the update rule from `theta` until the sharpness reaches S*. Returns the first point at or above it, and the
/// step. Throws NotConverged when that does not happen within `limit` steps.
struct EdgeArrival {
  Vector theta;
  Index step = 0;
};
[[nodiscard]] EdgeArrival run_to_edge(const Objective<double>& objective, Vector theta, const EdgeRule& rule,
                                      Index limit, const Monitor& monitor = {});

/// The experiment from a point at the edge. Throws InvalidInput for a plan out of range, and where α ≤ 0 already there.
[[nodiscard]] SelfStabilization self_stabilization(const Objective<double>& objective, const Vector& at_edge,
                                                   const SelfStabilizationPlan& plan, const Monitor& monitor = {});

/// Time averages over a record and how well it was predicted: what docs/edge.md, section "Reading a run", defines.
struct SelfStabilizationSummary {
  Index steps = 0;
  double x2_over_delta2 = 0;  ///< ⟨x²⟩/⟨δ²⟩, predicted 1
  double mean_excess = 0;     ///< ⟨S⟩ − S*, predicted 0
  double rms_excess = 0;      ///< rms(S − S*)
  double plain_error = 0;     ///< rms(S − S_pred)/rms(S − S*)
  double generalized_error = 0;
  double mean_loss = 0;                                ///< ⟨L⟩
  double predicted_mean_loss = 0;                      ///< ⟨L† + (1+β)x²/η⟩ with the actual x
  double distance = 0;                                 ///< ⟨‖θ−θ†‖⟩
  double flow_distance = 0;                            ///< ⟨‖θ−θ_flow‖⟩
  double final_distance = 0, final_flow_distance = 0;  ///< the largest over the last 100 steps
  double rising_steps = 0;                             ///< part of the steps at which L† rose
};
[[nodiscard]] SelfStabilizationSummary summarize(const SelfStabilization& run, const EdgeRule& rule);

}  // namespace brink
