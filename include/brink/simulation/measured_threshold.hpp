#pragma once
// The mean-square (or q-th moment) threshold measured from trajectories alone: the zero of the measured growth rate.

#include <functional>

#include "brink/simulation/growth.hpp"

namespace brink {

struct MeasuredThreshold {
  Estimate eta;      ///< value and standard error
  double lower = 0;  ///< 95% interval (Fieller, Student t)
  double upper = 0;
  double slope = 0;  ///< measured dΛ/d ln η at the zero
  Index runs = 0;
};

/// Makes the engine at a step size.
using EngineFactory = std::function<std::unique_ptr<Engine>(const Dynamics&)>;

/// Brackets the zero of Λ(q)(η) below `eta_edge` (the noise-free edge, where the search starts) by short runs, then
/// fits a weighted parabola in ln η to full runs around it. Knows nothing of the theory of noise.
[[nodiscard]] MeasuredThreshold measure_threshold(const EngineFactory& make_engine, const Dynamics& dynamics,
                                                  double eta_edge, const SimulationOptions& options,
                                                  const Monitor& monitor = {});

}  // namespace brink
