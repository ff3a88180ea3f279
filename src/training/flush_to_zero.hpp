#pragma once
// Subnormal numbers as zeros, while an object lives.

#include <type_traits>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace brink {

/// The momentum of a parameter without gradient decays through the subnormal numbers, below 1.2e-38 in single
/// precision, on which processors are a hundred times slower: a few dead units would halve the speed of training. Here
/// they are zeros, on this thread, where the processor can be told so; elsewhere only the speed differs.
class FlushToZero {
 public:
#if defined(__SSE2__)
  FlushToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushResults | kFlushOperands); }
  ~FlushToZero() { _mm_setcsr(before_); }
#else
  FlushToZero() {}
#endif
  FlushToZero(const FlushToZero&) = delete;
  FlushToZero& operator=(const FlushToZero&) = delete;

 private:
#if defined(__SSE2__)
  static constexpr unsigned kFlushResults = 0x8000;
  static constexpr unsigned kFlushOperands = 0x0040;
  unsigned before_;
#endif
};

/// In double precision subnormal numbers are left alone: they begin at 1e-308.
struct KeepSubnormals {};

template <class Real>
using FlushSinglesToZero = std::conditional_t<std::is_same_v<Real, float>, FlushToZero, KeepSubnormals>;

}  // namespace brink
