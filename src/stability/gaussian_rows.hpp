#pragma once
// Fresh Gaussian rows a ~ N(0, H): N(X) = (HXH + tr(HX) H)/B, so that theory needs the spectrum alone.

#include "brink/linalg/matrix.hpp"

namespace brink {

/// The leading eigenvalue μ of the noise map at loads s_i = λ_i² S_ii/B, of which there are weights_i each (the largest
/// at least once): the root above max s of Σ_i weights_i s_i/(μ − s_i) = 1. Below 1 exactly where every s_i < 1 and
/// Σ weights_i s_i/(1 − s_i) < 1. O(r) an evaluation.
[[nodiscard]] double gaussian_noise_eigenvalue(const Vector& loads, const Vector& weights);

/// The same for loads that occur once each.
[[nodiscard]] double gaussian_noise_eigenvalue(const Vector& loads);

}  // namespace brink
