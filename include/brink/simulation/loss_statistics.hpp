#pragma once
// The loss along simulated trajectories: what an expected loss curve is compared with.

#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/simulation/engine.hpp"

namespace brink {

struct LossStatisticsOptions {
  Index replicas = 100;      ///< N ≥ 2, independent trajectories
  std::vector<Index> steps;  ///< at which steps, ascending, ≥ 0
  double start_loss = 1;     ///< E of the loss at step 0, > 0: the start is scaled to it
  double confidence = 0.9;   ///< share of the replicas between `lower` and `upper`
  int threads = 1;
};

/// The excess loss ½ xᵀHx of N replicas after `step` steps.
struct LossStatistics {
  Index step = 0;
  double mean = 0;
  double standard_error = 0;  ///< of the mean
  double median = 0;
  double lower = 0;  ///< quantiles (1 ∓ confidence)/2 of the replicas
  double upper = 0;
};

/// Runs `engine`, which must live in the eigenbasis of `spectrum` (make_linear_engine), from random directions of equal
/// E x_i². Replica i uses stream i: results do not depend on the number of threads. O(replicas · last step) engine
/// steps. Its mean estimates ψ of docs/theory.md, (4.18). Throws InvalidInput for options out of range.
[[nodiscard]] std::vector<LossStatistics> loss_statistics(const Engine& engine, const Vector& spectrum,
                                                          const LossStatisticsOptions& options,
                                                          const Monitor& monitor = {});

}  // namespace brink
