#pragma once
// Estimators of the growth of moments along random trajectories.
//
//   Λ(q) = lim (1/t) ln E‖z_t‖^q,   top Lyapunov exponent λ = Λ'(0) = lim (1/t) ln‖z_t‖.
//
// A plain average over N replicas sees Λ(q) only up to the horizon T_c = ln N/(qΛ'(q) − Λ(q)); beyond it the average is
// carried by trajectories that no replica follows, and reports false stability. Cloning (go with the winners) resamples
// the replicas in proportion to ‖z‖^q and is right at any horizon. docs/theory.md, (6.1) and (6.2).

#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/base/monitor.hpp"
#include "brink/simulation/engine.hpp"

namespace brink {

/// Time batches behind a standard error of cloning: 31 degrees of freedom widen an interval by 4% only, and 32
/// stretches of a run are usually long against its memory (they are merged down to 8 when they are not).
inline constexpr Index kTimeBatches = 32;

struct SimulationOptions {
  Index replicas = 4096;  ///< N ≥ 2
  Index steps = 2000;     ///< after burn-in, ≥ 2·kTimeBatches for cloning
  Index burn_in = 500;    ///< ≥ 0
  double moment = 2;      ///< q > 0; 0 stands for the Lyapunov exponent where this is said
  int threads = 1;
};

struct GrowthEstimate {
  Estimate log_growth;             ///< Λ(q) per step, bias correction included; for lyapunov_exponent λ
  double bias_correction = 0;      ///< what was added for the bias of order 1/N
  double degrees_of_freedom = 0;   ///< of the standard error (Student t)
  double effective_ancestors = 0;  ///< cloning: (Σp)²/Σp² of the ancestors at the start of the last time batch
  double horizon = 0;              ///< plain ensemble: estimated T_c, burn-in included; infinite when no weight drifts
  std::vector<double> trace;       ///< log growth of every step after burn-in (cloning and ensemble)
};

/// Λ(q) by cloning: replicas keep their norms as weights and are resampled systematically, in proportion to ‖z‖^q,
/// whenever the effective sample size falls below N/2. The product Z of the mean weights is an unbiased estimate of
/// E‖z_T‖^q, so E ln Z/T falls short of Λ by σ²/2, σ² the long-run variance per step of the log mean weight; that much
/// is added. The standard error comes from batch means over time and holds the uncertainty of the correction; with N <
/// 1000 it is multiplied by √(1000/N), because few replicas do not see the rare growth that it should be made of.
/// Bit-identical for any number of threads. O(replicas · (burn_in + steps)) engine steps.
/// A run whose last time batch descends from fewer than four effective ancestors carries a warning.
/// Throws InvalidInput for options out of range, NotConverged when every replica dies or one overflows in a step.
[[nodiscard]] GrowthEstimate cloning_growth(const Engine& engine, const Dynamics& dynamics,
                                            const SimulationOptions& options, const Monitor& monitor = {});

/// √(1000/N) below 1000 replicas, else 1: what the standard error of cloning is multiplied by.
[[nodiscard]] double few_replicas_factor(Index replicas);

/// Λ(q) from the plain average of ‖z‖^q over replicas: (1/T) ln of its growth after burn-in. The standard error is that
/// of the ratio of two averages over independent replicas (delta method), honest only before T_c. T_c is extrapolated
/// from the time at which the relative entropy of the weights, t·(qΛ'(q) − Λ(q)) on average, reaches ½ ln N; a run that
/// goes beyond it carries a warning.
[[nodiscard]] GrowthEstimate ensemble_growth(const Engine& engine, const Dynamics& dynamics,
                                             const SimulationOptions& options, const Monitor& monitor = {});

/// The top Lyapunov exponent in the range of H, lim (1/t) ln‖z_t‖; standard error between independent replicas.
/// `options.moment` is not used. A replica that reaches zero exactly has exponent −∞: it is left out with a warning.
[[nodiscard]] GrowthEstimate lyapunov_exponent(const Engine& engine, const Dynamics& dynamics,
                                               const SimulationOptions& options, const Monitor& monitor = {});

/// Λ(q) by cloning, q = options.moment; for q = 0 the top Lyapunov exponent, −∞ where the replicas reach the minimum
/// exactly.
[[nodiscard]] GrowthEstimate moment_growth(const Engine& engine, const Dynamics& dynamics,
                                           const SimulationOptions& options, const Monitor& monitor = {});

}  // namespace brink
