#pragma once
// Batch sharpness at the critical mode: the normalized curvature that a mini-batch sees along its own gradient.

#include "brink/model/linearized_model.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// tr(E[H_B³] X) / tr(E[H_B²] X) for a covariance X (r × r, eigenbasis), exact for every batch law. Times η at the
/// threshold it is 2(1+β) for full-batch heavy ball. Where noise dominates it tends to 2(1−β) in many isotropic
/// dimensions, and is only near that elsewhere; on the way from one to the other it may rise first. O(n c r²).
[[nodiscard]] double batch_sharpness(const LinearizedModel& model, const BatchLaw& law, Index batch_size,
                                     const Matrix& covariance);

}  // namespace brink
