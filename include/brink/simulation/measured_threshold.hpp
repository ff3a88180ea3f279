#pragma once
// Thresholds measured from trajectories alone: zeros of the measured growth rate Λ(q) of docs/theory.md, (6.1), in the
// step size or in q.

#include <functional>
#include <optional>
#include <string>

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

/// The zero of Λ(q)(η), q = options.moment, by cloning; of the Lyapunov exponent for q = 0. Brackets it with short runs
/// from `eta_start` (any finite number > 0; one near the zero saves runs), then fits a parabola in ln η to five full
/// runs around it, each with its own seed, and repeats that nearer to the zero, or over half the range, until the zero
/// lies among the runs and the parabola fits. Just below the zero Λ may bend, from the critical mode to directions of
/// small curvature that barely decay: then a second parabola, over runs above the bend, bounds from the other side, and
/// the zero is half way between, with half the way as part of its error; where no such parabola reaches zero, the first
/// stands with a warning. The interval holds every η at which the fitted growth is within Student's t of zero, and ends
/// below at the first run that is certainly stable, for which up to three more full runs are made. Knows nothing of
/// theory. About 10 short runs, and 5 full ones a round: two rounds as a rule, four where Λ bends. Throws NotConverged
/// when growth never changes its sign, or when no round of full runs comes to hold the zero.
[[nodiscard]] MeasuredThreshold measure_threshold(const EngineFactory& make_engine, const Dynamics& dynamics,
                                                  double eta_start, const SimulationOptions& options,
                                                  const Monitor& monitor = {});

/// The same between a step size known to be stable and one known not to be, in either order: stability may be lost or
/// won with η. `slope` is negative where it is won.
[[nodiscard]] MeasuredThreshold measure_crossing(const EngineFactory& make_engine, const Dynamics& dynamics,
                                                 double eta_stable, double eta_growing,
                                                 const SimulationOptions& options, const Monitor& monitor = {});

/// No tail index is looked for beyond this moment: few replicas would carry it.
inline constexpr double kLargestMeasuredTailIndex = 16;

struct MeasuredTailIndex {
  std::optional<Estimate> alpha;  ///< value and standard error
  double lower = 0;               ///< 95% interval
  double upper = 0;
  std::string reason;  ///< why there is none, otherwise empty
};

/// The tail index α > 0 of dynamics.eta, Λ(α) = 0 [Kesten 1973; Gürbüzbalaban, Şimşekli & Zhu 2021]: none where the
/// Lyapunov exponent is not clearly negative, or no moment up to kLargestMeasuredTailIndex grows clearly.
/// options.moment is not used. Throws NotConverged when no round of runs comes to hold the zero.
[[nodiscard]] MeasuredTailIndex measure_tail_index(const EngineFactory& make_engine, const Dynamics& dynamics,
                                                   const SimulationOptions& options, const Monitor& monitor = {});

}  // namespace brink
