#pragma once
// Batches of distinct samples for many replicas at once.

#include "brink/sampling/philox.hpp"

namespace brink {

/// What a batch law is besides when it draws for many replicas faster than one by one.
class TileLaw {
 public:
  virtual ~TileLaw() = default;

  /// The batches of Philox::kStreams replicas: from batches + i·batch_size on exactly what draw() gives from the stream
  /// (seed, Purpose::batch, first_replica + i, step). False, and `batches` (room for kStreams · batch_size) is
  /// undefined, for a size that is drawn one by one. No allocation.
  virtual bool draw_tile(Index samples, Index batch_size, std::uint64_t seed, std::uint32_t first_replica,
                         std::uint32_t step, std::uint32_t* batches) const = 0;
};

/// Batches of this size and no larger ones are drawn side by side: every pair of entries is compared, B²/2 comparisons.
inline constexpr Index kLargestTileBatch = 32;

/// The candidates for batches of Philox::kStreams replicas: entry j of replica i is at batches[i·batch_size + j] and is
/// floor(w·n/2³²), w word j of the stream (seed, Purpose::batch, first_replica + i, step). Bit i of what is returned is
/// set where these are not the batch that draw() gives, since a word must be rejected (Lemire) or a sample occurs
/// twice. 1 ≤ batch_size ≤ kLargestTileBatch. 1.5 instructions a replica and pair in 512-bit registers; one by one
/// elsewhere.
[[nodiscard]] std::uint32_t draw_distinct_tile(std::uint32_t samples, Index batch_size, std::uint64_t seed,
                                               std::uint32_t first_replica, std::uint32_t step, std::uint32_t* batches);

}  // namespace brink
