#pragma once

#include <cstdint>

namespace brink {

/// Between the seeds of independent runs: 2⁶⁴ over the golden ratio, so that they stay far apart.
constexpr std::uint64_t kSeedStride = 0x9e3779b97f4a7c15;

}  // namespace brink
