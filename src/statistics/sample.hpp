#pragma once
// What several statistics of this room start from.

#include <limits>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Fewer independent rows tell nothing of their scatter.
constexpr Index kFewestRows = 8;

/// NaN without values.
[[nodiscard]] double mean_of(const std::vector<double>& values);

}  // namespace brink
