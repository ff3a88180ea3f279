#pragma once
// An engine that runs its first steps at a larger step size.

#include <cstdint>
#include <memory>

#include "brink/simulation/engine.hpp"

namespace brink {

/// Moves like `hot` before step `switch_step` and like `engine` from there on. Both have the same state.
[[nodiscard]] std::unique_ptr<Engine> make_hot_start(std::unique_ptr<Engine> hot, std::unique_ptr<Engine> engine,
                                                     std::uint32_t switch_step);

}  // namespace brink
