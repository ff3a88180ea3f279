#pragma once
// How far a change of the training rule sends the loss up.

#include "analysis/training_runs.hpp"

namespace brink::analysis {

/// The largest loss after step `at` over the mean loss of the 50 steps up to it, whose last record precedes the change.
/// Infinite for a run that diverged after it; NaN for one that has no record of step `at`, because it diverged before.
[[nodiscard]] double loss_rise(const Trace& trace, Index at);

/// ln of a rise. A run that diverged rose further than can be said: it counts as a factor of 1000.
[[nodiscard]] double log_rise(double rise);

}  // namespace brink::analysis
