#include "brink/sampling/philox.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace brink {

#if defined(__AVX2__)

void Philox::first_blocks(std::uint64_t seed, Purpose purpose, std::uint32_t first_replica, std::uint32_t step,
                          FirstBlock* blocks) {
  // Rounds and constants of Random123's philox4x32-10. Every 64-bit lane carries one 32-bit word of one stream; the
  // multiplication reads only the low halves, so what accumulates in the high halves never matters. Two groups of four
  // streams at a time hide the latency of the multiplications and still fit the registers.
  const __m256i multiplier0 = _mm256_set1_epi64x(0xD2511F53);
  const __m256i multiplier1 = _mm256_set1_epi64x(0xCD9E8D57);
  for (int start = 0; start < kStreams; start += 8) {
    __m256i word0[2];
    __m256i word1[2];
    __m256i word2[2];
    __m256i word3[2];
    for (int g = 0; g < 2; ++g) {
      const auto first = static_cast<long long>(first_replica) + start + 4 * g;
      word0[g] = _mm256_setzero_si256();
      word1[g] = _mm256_set_epi64x(first + 3, first + 2, first + 1, first);
      word2[g] = _mm256_set1_epi64x(step);
      word3[g] = _mm256_set1_epi64x(static_cast<long long>(purpose));
    }
    auto key0 = static_cast<std::uint32_t>(seed);
    auto key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9, key1 += 0xBB67AE85) {
      const __m256i round_key0 = _mm256_set1_epi64x(key0);
      const __m256i round_key1 = _mm256_set1_epi64x(key1);
      for (int g = 0; g < 2; ++g) {
        const __m256i product0 = _mm256_mul_epu32(multiplier0, word0[g]);
        const __m256i product1 = _mm256_mul_epu32(multiplier1, word2[g]);
        word0[g] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product1, 32), word1[g]), round_key0);
        word1[g] = product1;
        word2[g] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product0, 32), word3[g]), round_key1);
        word3[g] = product0;
      }
    }
    // Lanes to streams: words (0, 1) and (2, 3) of a stream share a lane, then the lanes interleave.
    const __m256i low = _mm256_set1_epi64x(0xFFFFFFFF);
    for (int g = 0; g < 2; ++g) {
      const __m256i front = _mm256_or_si256(_mm256_and_si256(word0[g], low), _mm256_slli_epi64(word1[g], 32));
      const __m256i back = _mm256_or_si256(_mm256_and_si256(word2[g], low), _mm256_slli_epi64(word3[g], 32));
      const __m256i even = _mm256_unpacklo_epi64(front, back);  // streams 0 and 2
      const __m256i odd = _mm256_unpackhi_epi64(front, back);   // streams 1 and 3
      auto* out = reinterpret_cast<__m256i*>(blocks + start + 4 * g);
      _mm256_storeu_si256(out, _mm256_permute2x128_si256(even, odd, 0x20));
      _mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(even, odd, 0x31));
    }
  }
}

#else

void Philox::first_blocks(std::uint64_t seed, Purpose purpose, std::uint32_t first_replica, std::uint32_t step,
                          FirstBlock* blocks) {
  for (std::uint32_t i = 0; i < kStreams; ++i) {
    Philox stream(seed, purpose, first_replica + i, step);
    for (std::uint32_t& word : blocks[i]) word = stream.next32();
  }
}

#endif

}  // namespace brink
