#include "distinct_tile.hpp"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace brink {

#if defined(__AVX512F__)

namespace {

/// Sixteen streams, eight a register: one 32-bit word of a stream in each 64-bit lane. The multiplication reads only
/// the low halves, so what accumulates in the high halves never matters.
struct Words {
  __m512i word[4][2];
};

/// Block number `block` of every stream: rounds and constants of Random123's philox4x32-10.
Words philox_blocks(std::uint64_t seed, std::uint32_t first_replica, std::uint32_t step, std::uint32_t block) {
  const __m512i multiplier0 = _mm512_set1_epi64(0xD2511F53);
  const __m512i multiplier1 = _mm512_set1_epi64(0xCD9E8D57);
  const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
  Words words;
  for (int g = 0; g < 2; ++g) {
    words.word[0][g] = _mm512_set1_epi64(block);
    words.word[1][g] = _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(first_replica) + 8 * g), lanes);
    words.word[2][g] = _mm512_set1_epi64(step);
    words.word[3][g] = _mm512_set1_epi64(static_cast<long long>(Purpose::batch));
  }
  auto key0 = static_cast<std::uint32_t>(seed);
  auto key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9, key1 += 0xBB67AE85) {
    const __m512i round_key0 = _mm512_set1_epi64(key0);
    const __m512i round_key1 = _mm512_set1_epi64(key1);
    for (int g = 0; g < 2; ++g) {
      const __m512i product0 = _mm512_mul_epu32(multiplier0, words.word[0][g]);
      const __m512i product1 = _mm512_mul_epu32(multiplier1, words.word[2][g]);
      constexpr int exclusive_or = 0x96;  // of three
      words.word[0][g] =
          _mm512_ternarylogic_epi64(_mm512_srli_epi64(product1, 32), words.word[1][g], round_key0, exclusive_or);
      words.word[1][g] = product1;
      words.word[2][g] =
          _mm512_ternarylogic_epi64(_mm512_srli_epi64(product0, 32), words.word[3][g], round_key1, exclusive_or);
      words.word[3][g] = product0;
    }
  }
  return words;
}

/// The low halves of sixteen 64-bit lanes.
__m512i low_halves(__m512i first, __m512i second) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(first)), _mm512_cvtepi64_epi32(second), 1);
}

}  // namespace

std::uint32_t draw_distinct_tile(std::uint32_t samples, Index batch_size, std::uint64_t seed,
                                 std::uint32_t first_replica, std::uint32_t step, std::uint32_t* batches) {
  static_assert(Philox::kStreams == 16);
  const __m512i bound = _mm512_set1_epi64(samples);
  const __m512i bounds = _mm512_set1_epi32(static_cast<int>(samples));
  const __m512i places = _mm512_mullo_epi32(_mm512_set1_epi32(static_cast<int>(batch_size)),
                                            _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  __m512i drawn[kLargestTileBatch];
  Words words{};
  std::uint32_t amiss = 0;
  for (Index j = 0; j < batch_size; ++j) {
    if (j % 4 == 0) words = philox_blocks(seed, first_replica, step, static_cast<std::uint32_t>(j / 4));
    const __m512i first = _mm512_mul_epu32(words.word[j % 4][0], bound);
    const __m512i second = _mm512_mul_epu32(words.word[j % 4][1], bound);
    amiss |= _mm512_cmplt_epu32_mask(low_halves(first, second), bounds);
    drawn[j] = low_halves(_mm512_srli_epi64(first, 32), _mm512_srli_epi64(second, 32));
    for (Index k = 0; k < j; ++k) amiss |= _mm512_cmpeq_epi32_mask(drawn[j], drawn[k]);
    _mm512_i32scatter_epi32(batches + j, places, drawn[j], 4);
  }
  return amiss;
}

#else

std::uint32_t draw_distinct_tile(std::uint32_t samples, Index batch_size, std::uint64_t seed,
                                 std::uint32_t first_replica, std::uint32_t step, std::uint32_t* batches) {
  Philox::FirstBlock blocks[Philox::kStreams];
  Philox::first_blocks(seed, Purpose::batch, first_replica, step, blocks);
  std::uint32_t amiss = 0;
  for (std::uint32_t i = 0; i < Philox::kStreams; ++i) {
    Philox random(seed, Purpose::batch, first_replica + i, step, blocks[i]);
    std::uint32_t* batch = batches + static_cast<Index>(i) * batch_size;
    bool repeats = false;
    for (Index j = 0; j < batch_size; ++j) {
      const std::uint64_t product = static_cast<std::uint64_t>(random.next32()) * samples;
      batch[j] = static_cast<std::uint32_t>(product >> 32);
      repeats |= static_cast<std::uint32_t>(product) < samples;
      for (Index k = 0; k < j; ++k) repeats |= batch[k] == batch[j];
    }
    if (repeats) amiss |= 1U << i;
  }
  return amiss;
}

#endif

}  // namespace brink
