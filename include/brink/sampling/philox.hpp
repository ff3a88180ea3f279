#pragma once
// Random numbers as a function of (seed, purpose, replica, step): Philox-4x32-10 of Random123 [Salmon, Moraes, Dror &
// Shaw 2011], keyed by the seed and counted by the rest. A stream is made where it is needed and thrown away, so
// results do not depend on threads, ranks or the order of work, and any step can be recomputed after a resume.

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>
#include <numbers>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// What a stream is for: streams of different purposes never overlap.
enum class Purpose : std::uint32_t {
  model = 1,
  initial_state = 2,
  batch = 3,
  gaussian_rows = 4,
  resampling = 5,
  probe = 6,
  bootstrap = 7,
  eigen_solver = 8,
};

class Philox {
 public:
  Philox(std::uint64_t seed, Purpose purpose, std::uint32_t replica, std::uint32_t step)
      : key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}},
        counter_{{0, replica, step, static_cast<std::uint32_t>(purpose)}} {}

  /// The four words with which a stream begins.
  using FirstBlock = std::uint32_t[4];

  /// The same stream, its first block already computed by first_blocks().
  Philox(std::uint64_t seed, Purpose purpose, std::uint32_t replica, std::uint32_t step, const FirstBlock& first)
      : Philox(seed, purpose, replica, step) {
    for (std::size_t i = 0; i < 4; ++i) block_.v[i] = first[i];
    counter_.v[0] = 1;
    used_ = 0;
  }

  /// How many streams first_blocks() starts at once.
  static constexpr int kStreams = 16;

  /// The first blocks of the streams of replicas first_replica … first_replica + kStreams − 1, bit for bit those of the
  /// generator itself but computed side by side in vector registers: starting a stream costs more than using it when a
  /// batch holds a handful of samples.
  static void first_blocks(std::uint64_t seed, Purpose purpose, std::uint32_t first_replica, std::uint32_t step,
                           FirstBlock* blocks);

  [[nodiscard]] std::uint32_t next32() {
    if (used_ == 4) {
      block_ = r123::Philox4x32()(counter_, key_);
      ++counter_.v[0];
      used_ = 0;
    }
    return block_.v[used_++];
  }

  [[nodiscard]] std::uint64_t next64() {
    const std::uint64_t low = next32();
    return low | (static_cast<std::uint64_t>(next32()) << 32);
  }

  /// Uniform on the 2^53 midpoints of (0, 1); never 0 or 1.
  [[nodiscard]] double uniform() { return (static_cast<double>(next64() >> 11) + 0.5) * 0x1p-53; }

  /// Exactly uniform integer in [0, bound), 1 <= bound <= 2^32 − 1 [Lemire 2019].
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = static_cast<std::uint64_t>(next32()) * bound;
    if (static_cast<std::uint32_t>(product) < bound) [[unlikely]] {
      const std::uint32_t threshold = (0U - bound) % bound;
      while (static_cast<std::uint32_t>(product) < threshold) product = static_cast<std::uint64_t>(next32()) * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  /// `count` integers as from below(bound), in the same order.
  void below(std::uint32_t bound, Index count, std::uint32_t* out) {
    for (Index i = 0; i < count; ++i) {
      if (used_ < 4) [[likely]] {
        const std::uint64_t product = static_cast<std::uint64_t>(block_.v[used_]) * bound;
        if (static_cast<std::uint32_t>(product) >= bound) [[likely]] {
          out[i] = static_cast<std::uint32_t>(product >> 32);
          ++used_;
          continue;
        }
      }
      out[i] = below(bound);
    }
  }

  /// Standard normal (Box–Muller; the second value of each pair is kept).
  [[nodiscard]] double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  r123::Philox4x32::key_type key_;
  r123::Philox4x32::ctr_type counter_;
  r123::Philox4x32::ctr_type block_{};
  int used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace brink
