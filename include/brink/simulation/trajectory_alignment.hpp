#pragma once
// The loss alignment along a trajectory, and on average. docs/theory.md, section "Alignment and escape".

#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/base/monitor.hpp"
#include "brink/model/loss_alignment.hpp"
#include "brink/simulation/engine.hpp"

namespace brink {

struct TrajectoryOptions {
  Index steps = 1000;   ///< after burn-in, ≥ 2·kTrajectoryBatches
  Index burn_in = 200;  ///< ≥ 0
};

/// Time batches behind a standard error, merged down where the alignment of successive steps is correlated.
inline constexpr Index kTrajectoryBatches = 32;

struct TrajectoryAlignment {
  std::vector<LossAlignment> curve;  ///< at every step after burn-in, before the step is made
  Estimate mu;                       ///< time average of μ(x_t), standard error by batch means (Student t)
  Estimate direction;
  Estimate magnitude;
  double degrees_of_freedom = 0;  ///< of the standard error of μ
};

/// One trajectory of the dynamics, from the start of replica 0. It is rescaled as it goes, which changes no alignment,
/// so it may converge or diverge: the average is over the directions that almost every trajectory takes, not over those
/// that carry E‖x‖². `engine` must run the linearized model in the eigenbasis of `model` (make_linear_engine).
/// O((burn_in + steps) · (engine step + alignment)). Throws InvalidInput for options out of range, NotConverged when
/// the trajectory reaches the minimum exactly or overflows.
[[nodiscard]] TrajectoryAlignment trajectory_alignment(const LinearizedModel& model, const Engine& engine,
                                                       NoiseSource source, const TrajectoryOptions& options,
                                                       const Monitor& monitor = {});

}  // namespace brink
