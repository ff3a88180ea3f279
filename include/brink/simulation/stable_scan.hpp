#pragma once
// Stable step sizes measured from trajectories alone: a scan of the growth over η, and a crossing measured wherever it
// changes its sign clearly. Finds stability lost and won again. docs/theory.md, section "What is measured instead".

#include <vector>

#include "brink/base/stable_steps.hpp"
#include "brink/simulation/measured_threshold.hpp"

namespace brink {

/// Measured growth at one step size.
struct ScannedGrowth {
  double eta = 0;
  Estimate log_growth;
};

/// The stable intervals of Λ(q), q = options.moment (0: the Lyapunov exponent), from a scan at ascending step sizes.
/// Points within three standard errors of zero decide nothing; between two that differ clearly measure_crossing() finds
/// the end of an interval, with its standard error. Small step sizes, below the first point, count as stable. Intervals
/// between neighbouring points of the scan are not seen: `complete` is false. Throws InvalidInput for an empty or
/// unsorted scan, NotConverged as measure_crossing() does.
[[nodiscard]] StableSteps measured_stable_steps(const EngineFactory& make_engine, const Dynamics& dynamics,
                                                const std::vector<ScannedGrowth>& scan,
                                                const SimulationOptions& options, const Monitor& monitor = {});

}  // namespace brink
