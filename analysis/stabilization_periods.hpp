#pragma once
// The period of self-stabilization, and how many of them a run lasts.

#include "analysis/stabilization_runs.hpp"

namespace brink::analysis {

/// The mean time between upward crossings of S* by the sharpness averaged over two steps, which are more than 10 steps
/// apart; NaN with fewer than two.
[[nodiscard]] double measured_period(RunNumbers run, double critical);

/// How many periods √2π/ε, (E.11), a run lasted.
[[nodiscard]] double periods_of(const SelfStabilization& record);

/// Whether averages over a run mean anything: it arrived, and lasted for three periods. One that ended because it left
/// its prediction counts however short it is.
[[nodiscard]] bool long_enough(double periods, RunNumbers run);

}  // namespace brink::analysis
