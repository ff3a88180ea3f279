#pragma once
// What the study of momentum reads from the records of a run: where the loss ends, where the sharpness jumps, and where
// two runs part.

#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink::analysis {

/// The geometric mean of the loss over the last fifth; NaN where the run broke off, with fewer than `records`.
[[nodiscard]] double final_loss(const std::vector<double>& loss, std::size_t records);

/// The largest sharpness after the first tenth of the run; 0 for a run without records.
[[nodiscard]] double largest_after_start(const std::vector<double>& sharpness);

/// The rule of the detector: the first record from which 3 in a row have a directional sharpness above half of the
/// largest stable one of SGD, 2/η_ef; −1 for none. The first tenth of the run is not looked at.
[[nodiscard]] Index first_jump(const std::vector<double>& sharpness, double rate);

/// The first record from which 20 in a row differ by more than 20% of the smaller loss; −1 for none. The first tenth of
/// the run is not looked at, nor what only one of the two has.
[[nodiscard]] Index first_split(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace brink::analysis
