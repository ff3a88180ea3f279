#pragma once
// All Lyapunov exponents of a random linear dynamics, by orthonormalization along trajectories [Benettin, Galgani,
// Giorgilli & Strelcyn 1980]. Their sum is E ln|det M_B|, which is known for some rules and models: d ln|β| for heavy
// ball on d directions; the mean of ln|1 − η‖a_k‖²| for SGD with one row a step. docs/theory.md, section "Moments and
// almost-sure stability".

#include <vector>

#include "brink/simulation/growth.hpp"

namespace brink {

struct LyapunovSpectrum {
  std::vector<Estimate> exponents;  ///< descending as a rule; mean and standard error over replicas
  Estimate sum;                     ///< of all exponents, with its own standard error
};

/// The k·r exponents of an engine with k states and an x of r dimensions. Every replica carries a whole basis through
/// the same batches: O(replicas · steps · (k r engine steps + (k r)³)). `options.moment` is not used. Throws
/// InvalidInput for options out of range. An exponent of −∞ (a step that annihilates a direction) is reported as such.
[[nodiscard]] LyapunovSpectrum lyapunov_spectrum(const Engine& engine, const SimulationOptions& options,
                                                 const Monitor& monitor = {});

}  // namespace brink
