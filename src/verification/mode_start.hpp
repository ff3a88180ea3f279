#pragma once
// Replicas that start in a second-moment mode, and are weighed by what of their state will carry its growth.

#include <cstdint>
#include <memory>

#include "brink/simulation/engine.hpp"
#include "brink/stability/lifted_mode.hpp"

namespace brink {

/// Moves like `engine`, but replicas start as Gaussian draws with the covariance of the mode, and squared_norm is
/// Σ_i z_iᵀ W_ii z_i with its weights: growth rates do not depend on the norm, but a norm in which directions that
/// barely decay count as much as the growing ones lets a finite population lose the latter.
/// `coordinates` (rows × r, orthogonal columns) maps the eigenbasis to the coordinates of x in the engine; empty means
/// that they are the same. There the weights of the few directions that carry the mode are used, and the rest is left
/// out. O((k·r)³) once; a norm O(k²·r), or O(k·rows) for each of those directions.
[[nodiscard]] std::unique_ptr<Engine> make_mode_start(std::unique_ptr<Engine> engine, const LiftedMode& mode,
                                                      const Matrix& coordinates, Index states, std::uint64_t seed);

}  // namespace brink
