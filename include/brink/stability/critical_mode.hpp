#pragma once
// Batch sharpness at the critical mode: the normalized curvature that a mini-batch sees along its own gradient.

#include "brink/model/linearized_model.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// tr(E[H_B³] X) / tr(E[H_B²] X) for a covariance X (r × r, eigenbasis), exact for every batch law. Times η at the
/// threshold it is 2(1+β) for full-batch heavy ball and falls towards 2(1−β) as noise dominates. O(n c r²).
[[nodiscard]] double batch_sharpness(const LinearizedModel& model, const BatchLaw& law, Index batch_size,
                                     const Matrix& covariance);

}  // namespace brink
