#pragma once
// How a long computation reports progress and learns that it should stop. Computation itself does no I/O.

#include <functional>

#include "brink/base/error.hpp"

namespace brink {

struct Monitor {
  /// Called from any thread with the work done so far in [0, 1]; empty: no progress is reported.
  std::function<void(double fraction)> progress;
  /// True once the user wants to stop; empty: never.
  std::function<bool()> interrupted;

  void report(double fraction) const {
    if (progress) progress(fraction);
  }
  /// Throws Interrupted when the user wants to stop.
  void check() const {
    if (interrupted && interrupted()) throw Interrupted("interrupted");
  }
};

}  // namespace brink
