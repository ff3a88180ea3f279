#pragma once
// Epochs of a shuffled data set: batches drawn without replacement until the samples are used up, then a new shuffle
// (random reshuffling, what a DataLoader of PyTorch does with shuffle=True). Batches of one epoch depend on each other,
// so this is not a BatchLaw: no coefficients describe a single step. docs/theory.md, (4.21).

#include <cstdint>
#include <string_view>

#include "brink/linalg/matrix.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {

/// What becomes of the n mod B samples that fill no whole batch.
enum class LastBatch {
  smaller,  ///< they are the last batch of the epoch, its gradient the mean over them (drop_last=False)
  dropped,  ///< they are left out of this epoch; the next shuffle leaves out others (drop_last=True)
};

/// "smaller" or "dropped"; throws InvalidInput for another name.
[[nodiscard]] LastBatch last_batch_of(std::string_view name);
[[nodiscard]] std::string_view to_string(LastBatch last);

/// How an epoch over n samples is cut into batches.
struct Epoch {
  Index samples = 1;     ///< n
  Index batch_size = 1;  ///< B, 1 ≤ B ≤ n
  LastBatch last_batch = LastBatch::smaller;

  /// Batches of one epoch: ⌈n/B⌉, or ⌊n/B⌋ when the last one is dropped.
  [[nodiscard]] Index steps() const;
  /// How many samples batch `step` < steps() holds: B, or n mod B for a smaller last one.
  [[nodiscard]] Index size(Index step) const;
  /// Samples seen in one epoch.
  [[nodiscard]] Index used() const;

  /// Throws InvalidInput, in the name of `function`, unless 1 ≤ B ≤ n ≤ 2³² − 1.
  void check(std::string_view function) const;
};

/// Writes a uniform shuffle of 0 … samples−1 to `order` (room for all of them); only the first `wanted` are shuffled.
void shuffle(Index samples, Index wanted, Philox& random, std::uint32_t* order);

}  // namespace brink
