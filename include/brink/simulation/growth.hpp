#pragma once
// Estimators of the growth of moments along random trajectories.
//
//   Λ(q) = lim (1/t) ln E‖z_t‖^q,   top Lyapunov exponent λ = Λ'(0) = lim (1/t) ln‖z_t‖.
//
// A plain average over N replicas sees Λ(q) only up to the horizon T_c = ln N/(qΛ'(q) − Λ(q)); beyond it the average is
// carried by trajectories that no replica follows, and reports false stability. Cloning (go with the winners) resamples
// the replicas in proportion to ‖z‖^q and is right at any horizon.

#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/base/monitor.hpp"
#include "brink/simulation/engine.hpp"

namespace brink {

struct SimulationOptions {
  Index replicas = 4096;  ///< N ≥ 2
  Index steps = 2000;     ///< after burn-in, ≥ 2·kTimeBatches for cloning
  Index burn_in = 500;    ///< ≥ 0
  double moment = 2;      ///< q > 0
  int threads = 1;
};

struct GrowthEstimate {
  Estimate log_growth;            ///< Λ(q) per step
  double bias_correction = 0;     ///< what was added for the bias of order 1/N
  double degrees_of_freedom = 0;  ///< of the standard error (Student t)
  double effective_ancestors =
      0;                      ///< cloning: replicas of the start of the last time batch that still have descendants
  double horizon = 0;         ///< plain ensemble: estimated T_c
  std::vector<double> trace;  ///< log growth of every step after burn-in (cloning and ensemble)
};

/// Λ(q) by cloning. Bit-identical for any number of threads.
[[nodiscard]] GrowthEstimate cloning_growth(const Engine& engine, const Dynamics& dynamics,
                                            const SimulationOptions& options, const Monitor& monitor = {});

/// Λ(q) from the plain average of ‖z‖^q over replicas, with a warning once the horizon passes T_c.
[[nodiscard]] GrowthEstimate ensemble_growth(const Engine& engine, const Dynamics& dynamics,
                                             const SimulationOptions& options, const Monitor& monitor = {});

/// The top Lyapunov exponent in the range of H; standard error between replicas.
[[nodiscard]] GrowthEstimate lyapunov_exponent(const Engine& engine, const Dynamics& dynamics,
                                               const SimulationOptions& options, const Monitor& monitor = {});

}  // namespace brink
