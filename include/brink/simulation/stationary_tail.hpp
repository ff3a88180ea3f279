#pragma once
// Long stationary runs at a minimum that does not interpolate. docs/theory.md, section "Moments and almost-sure
// stability".

#include "brink/base/monitor.hpp"
#include "brink/simulation/engine.hpp"

namespace brink {

struct StationaryOptions {
  Index replicas = 256;  ///< ≥ 2
  Index steps = 20000;   ///< after burn-in, ≥ 1
  Index burn_in = 1000;  ///< ≥ 0: the start is far inside a heavy tail, so this need not be long
  Index keep_every = 1;  ///< steps between two kept values, ≥ 1
  int threads = 1;
};

/// ‖z‖ along every replica, one a row: replicas × ⌊steps/keep_every⌋. The engine must have gradient noise
/// (make_linear_engine(model, dynamics, true)). Bit-identical for any number of threads. Throws InvalidInput for
/// options out of range or want of memory, NotConverged when a replica overflows: there is no stationary state.
[[nodiscard]] RowMatrix stationary_norms(const Engine& engine, const StationaryOptions& options,
                                         const Monitor& monitor = {});

}  // namespace brink
