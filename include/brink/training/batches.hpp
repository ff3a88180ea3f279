#pragma once
// Which samples a training step sees: independent batches of a BatchLaw, or shuffled epochs. The batch of a step is a
// function of (seed, stretch, step), so that any step can be recomputed.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brink/network/objective.hpp"
#include "brink/sampling/batch_law.hpp"
#include "brink/sampling/epoch.hpp"

namespace brink {

struct BatchSettings {
  /// The name of a batch law, or "reshuffled": epochs drawn without replacement until the samples are used up.
  std::string sampling = "without-replacement";
  Index size = 0;  ///< B in 1 … n; 0: all samples
  LastBatch last_batch = LastBatch::smaller;
};

/// Batches of one size. A change of the batch size in the middle of a run begins another stretch, with streams of its
/// own and, when reshuffled, a fresh epoch.
class Batches {
 public:
  /// Throws InvalidInput for an unknown law, one that has no samples to draw, and a size outside 1 … n.
  Batches(const BatchSettings& settings, Index samples, std::uint64_t seed, std::uint32_t stretch = 0,
          Index first_step = 0);

  /// The batch of step ≥ first_step; its samples are valid until the next draw. Steps may come in any order; within an
  /// epoch, one after the other costs O(B), a jump to another epoch O(n).
  [[nodiscard]] Batch draw(Index step);

  [[nodiscard]] Index size() const { return size_; }
  /// True when every batch is all samples, each once.
  [[nodiscard]] bool full() const { return full_; }

 private:
  std::shared_ptr<const BatchLaw> law_;  // null when reshuffled
  Index samples_;
  Index size_;
  std::uint64_t seed_;
  std::uint32_t stretch_;
  Index first_step_;
  Epoch epoch_;
  Index shuffled_epoch_ = -1;
  bool full_ = false;
  std::vector<std::uint32_t> order_;
};

}  // namespace brink
