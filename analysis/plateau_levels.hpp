#pragma once
// How the level of a plateau changes from one batch size to the next.

#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink::analysis {

/// Slope of ln(gap of λ_max below full batch) against ln B. `tops` are by batch size, the last at full batch; those
/// without a gap, or NaN, are left out. NaN with fewer than 3.
[[nodiscard]] double gap_slope(const std::vector<Index>& batches, const std::vector<double>& tops);

/// The smallest rise from one level to the next that is not NaN, negative for a fall; infinite with fewer than two.
[[nodiscard]] double smallest_rise(const std::vector<double>& levels);

}  // namespace brink::analysis
