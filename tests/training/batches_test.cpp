// Which samples a step sees.

#include "brink/training/batches.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "brink/base/error.hpp"

using namespace brink;

namespace {

std::vector<std::uint32_t> samples_of(Batches& batches, Index step) {
  const Batch batch = batches.draw(step);
  return {batch.samples.begin(), batch.samples.end()};
}

}  // namespace

TEST_CASE("a shuffled epoch visits every sample once", "[fast][training]") {
  for (const Index size : {1, 3, 5, 10, 11}) {
    Batches batches({"reshuffled", size, LastBatch::smaller}, 11, 4);
    const Index steps = (11 + size - 1) / size;
    std::set<std::vector<std::uint32_t>> orders;
    for (Index epoch = 0; epoch < 4; ++epoch) {
      std::vector<std::uint32_t> seen;
      for (Index step = 0; step < steps; ++step) {
        const Batch batch = batches.draw(epoch * steps + step);
        CHECK(batch.divisor == static_cast<double>(batch.samples.size()));
        seen.insert(seen.end(), batch.samples.begin(), batch.samples.end());
      }
      orders.insert(seen);
      std::sort(seen.begin(), seen.end());
      REQUIRE(seen.size() == 11);
      for (std::uint32_t k = 0; k < 11; ++k) CHECK(seen[k] == k);
    }
    CHECK(orders.size() == (size == 11 ? 1 : 4));  // a full batch has no order
  }
}

TEST_CASE("a dropped last batch leaves samples out, others in every epoch", "[fast][training]") {
  Batches batches({"reshuffled", 4, LastBatch::dropped}, 11, 4);
  std::set<std::vector<std::uint32_t>> left_out;
  for (Index epoch = 0; epoch < 6; ++epoch) {
    std::set<std::uint32_t> seen;
    for (Index step = 0; step < 2; ++step)
      for (const auto k : samples_of(batches, 2 * epoch + step)) CHECK(seen.insert(k).second);
    CHECK(seen.size() == 8);
    left_out.insert({seen.begin(), seen.end()});
  }
  CHECK(left_out.size() > 1);
}

TEST_CASE("any step of a run can be drawn again, in any order", "[fast][training]") {
  for (const char* sampling : {"without-replacement", "with-replacement", "bernoulli", "reshuffled"}) {
    INFO(sampling);
    const BatchSettings settings{sampling, 3};
    Batches forward(settings, 10, 8);
    std::vector<std::vector<std::uint32_t>> seen;
    for (Index step = 0; step < 30; ++step) seen.push_back(samples_of(forward, step));
    Batches backward(settings, 10, 8);
    for (Index step = 29; step >= 0; --step) CHECK(samples_of(backward, step) == seen[static_cast<std::size_t>(step)]);
    Batches other_seed(settings, 10, 9);
    Batches other_stretch(settings, 10, 8, 1);
    int same_seed = 0;
    int same_stretch = 0;
    for (Index step = 0; step < 30; ++step) {
      same_seed += samples_of(other_seed, step) == seen[static_cast<std::size_t>(step)];
      same_stretch += samples_of(other_stretch, step) == seen[static_cast<std::size_t>(step)];
    }
    CHECK(same_seed < 10);
    CHECK(same_stretch < 10);
  }
}

TEST_CASE("independent batches are uniform", "[fast][training]") {
  const int steps = 4000;
  for (const char* sampling : {"without-replacement", "with-replacement", "bernoulli", "reshuffled"}) {
    INFO(sampling);
    Batches batches({sampling, 3}, 10, 1);
    std::vector<double> count(10, 0);
    for (Index step = 0; step < steps; ++step)
      for (const auto k : samples_of(batches, step)) count[k] += 1;
    if (std::string(sampling) == "reshuffled") {
      for (const double each : count) CHECK(each == steps / 4);  // once in every epoch of four batches
      continue;
    }
    // With replacement has the largest variance of the count: steps·B·(1/n)(1−1/n).
    for (const double each : count) CHECK(std::abs(each - 0.3 * steps) < 5 * std::sqrt(steps * 0.27));
  }
}

TEST_CASE("settings of batches that cannot be are refused", "[fast][training]") {
  CHECK_THROWS_AS(Batches({"without-replacement", 11}, 10, 1), InvalidInput);
  CHECK_THROWS_AS(Batches({"without-replacement", -1}, 10, 1), InvalidInput);
  CHECK_THROWS_AS(Batches({"gaussian", 3}, 10, 1), InvalidInput);
  CHECK_THROWS_AS(Batches({"shuffled", 3}, 10, 1), InvalidInput);
  CHECK_THROWS_AS(Batches({"without-replacement", 3, LastBatch::dropped}, 10, 1), InvalidInput);
  CHECK(Batches({"without-replacement", 0}, 10, 1).full());
  CHECK(Batches({"reshuffled", 10}, 10, 1).full());
  CHECK_FALSE(Batches({"with-replacement", 10}, 10, 1).full());
}
