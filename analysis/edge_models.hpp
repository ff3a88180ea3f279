#pragma once
// What the studies of the edge of stability share: the one-dimensional regression of Damian, Nichani & Lee, and the
// moment at which its training reaches the edge.

#include <cstdint>

#include "analysis/models.hpp"
#include "brink/edge/self_stabilization.hpp"

namespace brink::analysis {

/// f(z) = aᵀtanh(wz + b), width 100, on 20 Chebyshev points with labels T_degree(z).
[[nodiscard]] Task chebyshev_task(int degree);

/// Xavier-normal, the first layer times 1.9, biases 0.
[[nodiscard]] Vector chebyshev_start(const Task& task, std::uint64_t seed);

}  // namespace brink::analysis
