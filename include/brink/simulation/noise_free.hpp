#pragma once
// The growth of a dynamics without noise (full batch): a number, not an estimate.

#include "brink/simulation/engine.hpp"

namespace brink {

/// Error of deterministic_log_growth away from double roots.
inline constexpr double kNoiseFreeAccuracy = 1e-14;

/// ln ρ(T), the spectral radius of the one-step map T of an engine whose steps are all the same: Λ(q)/q of
/// docs/theory.md, (6.1) without noise. T is measured by advancing a basis of its state space (states·r real steps) and
/// split into the modes that do not see each other, each solved by LAPACK: transients, oscillations and round-off of a
/// long run do not enter. Λ(q) = q ln ρ. O(states·r) steps and, for modes that couple, O((states·r)³); accurate to
/// about kNoiseFreeAccuracy away from double roots. Throws InvalidInput when the dynamics is random, NotConverged when
/// T is nilpotent (ln ρ = −∞) or LAPACK fails.
[[nodiscard]] double deterministic_log_growth(const Engine& engine);

}  // namespace brink
