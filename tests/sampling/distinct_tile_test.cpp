// Batches drawn side by side against batches drawn one by one.

#include "sampling/distinct_tile.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "brink/sampling/batch_law.hpp"

using namespace brink;

TEST_CASE("batches of many replicas at once are those of one by one", "[sampling][fast]") {
  // Few samples: most batches have a repeat first. 2³¹ + 1 samples: half of all words are rejected.
  struct Case {
    Index samples, batch_size;
  };
  const auto law = make_batch_law("without-replacement");
  const auto& tiles = dynamic_cast<const TileLaw&>(*law);
  for (const auto& [samples, batch_size] : {Case{1000, 4},
                                            {1000, 8},
                                            {1000, 16},
                                            {5, 3},
                                            {7, 1},
                                            {600, 31},
                                            {2000, 32},
                                            {0x80000001, 2},
                                            {0xffffffff, 5}}) {
    for (const std::uint32_t first : {0U, 5U, 0xfffffff8U}) {  // the last wraps around
      for (const std::uint32_t step : {0U, 12345U}) {
        constexpr std::uint64_t seed = 0xfedcba9876543210U;
        std::vector<std::uint32_t> tile(static_cast<std::size_t>(Philox::kStreams * batch_size));
        REQUIRE(tiles.draw_tile(samples, batch_size, seed, first, step, tile.data()));
        std::vector<std::uint32_t> alone(static_cast<std::size_t>(batch_size));
        for (std::uint32_t i = 0; i < Philox::kStreams; ++i) {
          Philox random(seed, Purpose::batch, first + i, step);
          REQUIRE(law->draw(samples, batch_size, random, alone.data()) == batch_size);
          CAPTURE(samples, batch_size, first, step, i);
          CHECK(std::equal(alone.begin(), alone.end(), tile.begin() + static_cast<std::ptrdiff_t>(i) * batch_size));
        }
      }
    }
  }
  std::vector<std::uint32_t> none(Philox::kStreams * 64);
  CHECK_FALSE(tiles.draw_tile(2000, 64, 1, 0, 0, none.data()));
  CHECK_FALSE(tiles.draw_tile(4, 4, 1, 0, 0, none.data()));
}
