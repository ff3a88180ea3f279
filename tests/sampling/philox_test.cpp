#include "brink/sampling/philox.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace brink;

TEST_CASE("the generator is Random123's philox4x32-10", "[sampling][fast]") {
  // Known-answer vectors of Random123 1.09, tests/kat_vectors.
  struct Answer {
    r123::Philox4x32::ctr_type counter;
    r123::Philox4x32::key_type key;
    r123::Philox4x32::ctr_type result;
  };
  const Answer answers[] = {
      {{{0, 0, 0, 0}}, {{0, 0}}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
      {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
       {{0xffffffff, 0xffffffff}},
       {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
      {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
       {{0xa4093822, 0x299f31d0}},
       {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
  };
  for (const Answer& answer : answers) CHECK(r123::Philox4x32()(answer.counter, answer.key) == answer.result);

  Philox zero(0, Purpose{0}, 0, 0);
  for (const std::uint32_t word : answers[0].result) CHECK(zero.next32() == word);

  Philox stream(0x299f31d0a4093822U, Purpose{0x03707344}, 0x85a308d3, 0x13198a2e);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const auto expected = r123::Philox4x32()({{block, 0x85a308d3, 0x13198a2e, 0x03707344}}, {{0xa4093822, 0x299f31d0}});
    for (const std::uint32_t word : expected) CHECK(stream.next32() == word);
  }
}

TEST_CASE("streams started side by side are the streams started one by one", "[sampling][fast]") {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{0xfedcba9876543210U}}) {
    for (const std::uint32_t first : {0U, 5U, 0xfffffff8U}) {  // the last wraps around
      Philox::FirstBlock blocks[Philox::kStreams];
      Philox::first_blocks(seed, Purpose::batch, first, 12345, blocks);
      for (std::uint32_t i = 0; i < Philox::kStreams; ++i) {
        Philox alone(seed, Purpose::batch, first + i, 12345);
        Philox together(seed, Purpose::batch, first + i, 12345, blocks[i]);
        for (int word = 0; word < 11; ++word) CHECK(alone.next32() == together.next32());
      }
    }
  }
}

TEST_CASE("many integers below a bound are the integers one by one", "[sampling][fast]") {
  for (const std::uint32_t bound : {1U, 3U, 1000U, 0x80000001U, 0xffffffffU}) {  // 2^31 + 1 rejects half of all words
    Philox one(3, Purpose::probe, 1, 2);
    Philox many(3, Purpose::probe, 1, 2);
    std::vector<std::uint32_t> out(257);
    for (const Index count : {0, 1, 2, 4, 7, 257}) {
      many.below(bound, count, out.data());
      for (Index i = 0; i < count; ++i) {
        CHECK(out[static_cast<std::size_t>(i)] == one.below(bound));
        CHECK(out[static_cast<std::size_t>(i)] < bound);
      }
    }
  }
}

TEST_CASE("uniform and normal numbers have their moments", "[sampling][fast]") {
  constexpr int count = 400'000;
  Philox random(11, Purpose::probe, 0, 0);
  double uniform = 0;
  double uniform_squares = 0;
  double normal = 0;
  double normal_squares = 0;
  double normal_fourths = 0;
  for (int i = 0; i < count; ++i) {
    const double u = random.uniform() - 0.5;
    const double z = random.normal();
    uniform += u;
    uniform_squares += u * u;
    normal += z;
    normal_squares += z * z;
    normal_fourths += z * z * z * z;
  }
  const auto z_score = [&](double sum, double mean, double variance) {
    return (sum / count - mean) / std::sqrt(variance / count);
  };
  // Five scores; |z| < 4.5 by chance in all but 3 of 100,000 seeds.
  CHECK(std::abs(z_score(uniform, 0, 1.0 / 12)) < 4.5);
  CHECK(std::abs(z_score(uniform_squares, 1.0 / 12, 1.0 / 180)) < 4.5);
  CHECK(std::abs(z_score(normal, 0, 1)) < 4.5);
  CHECK(std::abs(z_score(normal_squares, 1, 2)) < 4.5);
  CHECK(std::abs(z_score(normal_fourths, 3, 96)) < 4.5);
}
