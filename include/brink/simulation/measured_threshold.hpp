#pragma once
// The mean-square (or q-th moment) threshold measured from trajectories alone: the zero of the measured growth rate.

#include <functional>

#include "brink/simulation/growth.hpp"

namespace brink {

struct MeasuredThreshold {
  Estimate eta;      ///< value and standard error
  double lower = 0;  ///< 95% interval (Fieller, Student t)
  double upper = 0;
  double slope = 0;               ///< measured dΛ/d ln η at the zero
  double degrees_of_freedom = 0;  ///< of the standard error
  Index runs = 0;                 ///< cloning runs made, short ones included
};

/// Makes the engine at a step size.
using EngineFactory = std::function<std::unique_ptr<Engine>(const Dynamics&)>;

/// The zero of Λ(q)(η) by cloning. Brackets it below `eta_edge` (the noise-free edge, where the search starts; finite,
/// > 0) by halving with short runs, closes in by the secant rule, then fits a parabola in ln η to full runs on both
/// sides, each with its own seed. The interval holds every η at which the fitted growth is within Student's t of zero.
/// When growth is not positive even at the edge, the threshold is the edge as far as the run can tell: the value is
/// eta_edge, the lower end the largest probed η that is clearly stable, and a warning says so.
/// Knows nothing of the theory of noise. About 20 runs, 7 of them full.
/// Throws NotConverged when growth stays positive down to 2^-60 of the edge.
[[nodiscard]] MeasuredThreshold measure_threshold(const EngineFactory& make_engine, const Dynamics& dynamics,
                                                  double eta_edge, const SimulationOptions& options,
                                                  const Monitor& monitor = {});

}  // namespace brink
