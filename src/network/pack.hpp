#pragma once
// Vectors of one register, with the arithmetic of the compiler's vector types: tiles of Eigen's fixed arrays are
// spilled to memory by some compilers, and these are not.

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace brink::network_detail {

/// Bytes of a register.
#if defined(__AVX512F__)
inline constexpr int kRegister = 64;
#elif defined(__AVX__)
inline constexpr int kRegister = 32;
#else
inline constexpr int kRegister = 16;
#endif

template <class Real, int Width>
struct PackOf {
  typedef Real Type __attribute__((vector_size(Width * sizeof(Real))));  // NOLINT(modernize-use-using): no alias has it
};
template <class Real, int Width>
using Pack = typename PackOf<Real, Width>::Type;

template <class Real>
inline constexpr int kWidth = kRegister / static_cast<int>(sizeof(Real));

template <int Width, class Real>
inline Pack<Real, Width> load(const Real* from) {
  Pack<Real, Width> pack;
  std::memcpy(&pack, from, sizeof pack);
  return pack;
}

template <class Real, class Vector>
inline void store(Real* to, Vector pack) {
  std::memcpy(to, &pack, sizeof pack);
}

/// The first Width / 2 numbers, then zeros.
template <int Width, class Real, int... Lane>
inline Pack<Real, Width> load_half(const Real* from, std::integer_sequence<int, Lane...>) {
  constexpr int half = Width / 2;
  return __builtin_shufflevector(load<half>(from), Pack<Real, half>{}, Lane...);
}
template <int Width, class Real>
inline Pack<Real, Width> load_half(const Real* from) {
  return load_half<Width>(from, std::make_integer_sequence<int, Width>());
}

/// Keeps a value in a register from here on, and the compiler from knowing where it is from.
template <class Value>
inline void keep([[maybe_unused]] Value& value) {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  if constexpr (std::is_pointer_v<Value>) {
    asm("" : "+r"(value));
  } else {
    asm("" : "+v"(value));
  }
#endif
}

/// Two packs of `Segments` segments to one of twice as many: every segment is folded in half, those of a come first.
template <class Real, int Width, int Segments, int... Lane>
inline Pack<Real, Width> fold(Pack<Real, Width> a, Pack<Real, Width> b, std::integer_sequence<int, Lane...>) {
  constexpr int length = Width / Segments;
  constexpr int half = length / 2;
  return __builtin_shufflevector(a, b, (Lane / half * length + Lane % half)...) +
         __builtin_shufflevector(a, b, (Lane / half * length + half + Lane % half)...);
}

/// Lane i of the result is the sum of the entries of pack i, 1 ≤ Count ≤ Width: some two shuffles and an addition each,
/// where one sum alone takes a shuffle and an addition for every halving.
template <class Real, int Width, int Segments = 1, int Count>
inline Pack<Real, Width> sums_of(const Pack<Real, Width> (&packs)[Count]) {
  static_assert((Count - 1) * Segments < Width);
  if constexpr (Segments == Width) {
    return packs[0];
  } else {
    constexpr int pairs = (Count + 1) / 2;
    Pack<Real, Width> folded[pairs];
#pragma GCC unroll 16
    for (int i = 0; i < pairs; ++i) {
      folded[i] = fold<Real, Width, Segments>(packs[2 * i], packs[std::min(2 * i + 1, Count - 1)],
                                              std::make_integer_sequence<int, Width>());
    }
    return sums_of<Real, Width, 2 * Segments>(folded);
  }
}

}  // namespace brink::network_detail
