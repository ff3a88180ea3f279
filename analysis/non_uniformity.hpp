#pragma once
// The other side of the box of Wu, Ma & E: how much the curvature differs from sample to sample.

#include "brink/model/linearized_model.hpp"

namespace brink::analysis {

/// s = √λ_max(mean H_k² − H²).
[[nodiscard]] double non_uniformity(const LinearizedModel& model);

}  // namespace brink::analysis
