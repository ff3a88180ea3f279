#pragma once
// Streaming least squares: every step draws fresh rows a ~ N(0, diag(λ)) with labels aᵀθ* + ε.

#include <memory>

#include "brink/simulation/engine.hpp"

namespace brink {

/// Trajectories of θ − θ* under batches of B fresh rows whose labels have independent Gaussian noise of the given
/// variance (the loss at θ* is half of it): the process behind docs/theory.md, (4.18). dynamics.law is not read. Drawn
/// exactly, O(r + B) a step. Throws InvalidInput like make_linear_engine, and for a variance that is negative or not
/// finite.
[[nodiscard]] std::unique_ptr<Engine> make_streaming_engine(const Vector& spectrum, const Dynamics& dynamics,
                                                            double label_variance);

}  // namespace brink
