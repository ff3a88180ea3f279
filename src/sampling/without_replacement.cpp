// Batches of B distinct samples, every subset of size B equally likely; batches are independent from step to step.

#include <algorithm>
#include <bit>
#include <numeric>

#include "builtin_laws.hpp"
#include "distinct_tile.hpp"

namespace brink {
namespace {

/// Moves the entries from `known` on that do not occur before them to the front; returns how many entries there are.
Index drop_repeats(std::uint32_t* batch, Index known, Index size) {
  Index distinct = known;
  for (Index i = known; i < size; ++i) {
    const std::uint32_t candidate = batch[i];
    Index place = 0;
    while (place < distinct && batch[place] != candidate) ++place;
    batch[distinct] = candidate;
    distinct += place == distinct;
  }
  return distinct;
}

class WithoutReplacement final : public BatchLaw, public TileLaw {
 public:
  std::string_view name() const override { return "without-replacement"; }

  SecondMoment second_moment(Index samples, Index batch_size) const override {
    check_batch(name(), samples, batch_size);
    if (batch_size == samples) return {0, 0};  // also n = 1, where the formula is 0/0
    const auto n = static_cast<double>(samples);
    const auto b = static_cast<double>(batch_size);
    const double p = (n - b) / (b * (n - 1));
    return {p, p};
  }

  ThirdMoment third_moment(Index samples, Index batch_size) const override {
    check_batch(name(), samples, batch_size);
    const auto n = static_cast<double>(samples);
    const auto b = static_cast<double>(batch_size);
    const double q1 = b / n;
    const double q2 = batch_size < 2 ? 0 : q1 * (b - 1) / (n - 1);
    const double q3 = batch_size < 3 ? 0 : q2 * (b - 2) / (n - 2);
    return third_moment_of_distinct_samples(q1, q2, q3);
  }

  Index draw(Index samples, Index batch_size, Philox& random, std::uint32_t* batch) const override {
    if (batch_size == samples) {
      std::iota(batch, batch + samples, 0U);
      return samples;
    }
    const auto n = static_cast<std::uint32_t>(samples);
    if (rejects(samples, batch_size)) {
      // Candidates that were drawn before are dropped; the next ones take their places.
      for (Index distinct = 0; distinct < batch_size;) {
        random.below(n, batch_size - distinct, batch + distinct);
        distinct = drop_repeats(batch, distinct, batch_size);
      }
      return batch_size;
    }
    std::iota(batch, batch + samples, 0U);
    for (Index i = 0; i < batch_size; ++i) {
      std::swap(batch[i], batch[i + random.below(n - static_cast<std::uint32_t>(i))]);
    }
    return batch_size;
  }

  bool draw_tile(Index samples, Index batch_size, std::uint64_t seed, std::uint32_t first_replica, std::uint32_t step,
                 std::uint32_t* batches) const override {
    if (batch_size > kLargestTileBatch || batch_size == samples || !rejects(samples, batch_size)) return false;
    const auto n = static_cast<std::uint32_t>(samples);
    std::uint32_t amiss = draw_distinct_tile(n, batch_size, seed, first_replica, step, batches);
    for (; amiss != 0; amiss &= amiss - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(amiss));
      Philox random(seed, Purpose::batch, first_replica + i, step);
      draw(samples, batch_size, random, batches + static_cast<Index>(i) * batch_size);
    }
    return true;
  }

 private:
  /// Whether repeats are drawn again: that expects B²/2n repeats and compares B²/2 pairs; Fisher–Yates writes all n
  /// indices.
  static bool rejects(Index samples, Index batch_size) { return batch_size * batch_size < 2 * samples; }
};

}  // namespace

std::shared_ptr<const BatchLaw> make_without_replacement() { return std::make_shared<WithoutReplacement>(); }

}  // namespace brink
