#pragma once
// How far a plain average can see: the rate it reports against the horizon, beside cloning. docs/theory.md, (6.2).

#include <vector>

#include "brink/simulation/estimate_quality.hpp"
#include "brink/statistics/intervals.hpp"

namespace brink {

/// (1/T) ln of the growth of the q-th moment over the first T steps, as a mean over independent runs.
struct HorizonPoint {
  Index steps = 0;  ///< T
  double ensemble = 0;
  Interval ensemble_interval;
  double cloning = 0;
  Interval cloning_interval;
};

struct HorizonCurve {
  std::vector<HorizonPoint> points;
  Index runs = 0;
  Index replicas = 0;  ///< N of each run
  double horizon = 0;  ///< T_c as the runs see it, GrowthEstimate::horizon; infinite when no weight drifts
};

inline constexpr Index kHorizonRuns = 8;

/// Both estimators over the same horizons T, up to options.steps, from their starts (burn_in is not used), each in
/// kHorizonRuns runs with seeds of their own; 95% intervals are those of Student's t over the runs. The mean of ln Z is
/// not corrected for the number of replicas. O(2 · runs · replicas · steps) engine steps. Throws what the estimators
/// throw.
[[nodiscard]] HorizonCurve horizon_curve(const EngineFactory& make_engine, const Dynamics& dynamics,
                                         const SimulationOptions& options, const Monitor& monitor = {});

}  // namespace brink
