#pragma once
// Gaussian noise of the covariance of mini-batch gradients, without mini-batches.

#include "brink/network/objective.hpp"

namespace brink::analysis {

/// w_k = 1/n + √(p₁/n)(ζ_k − mean ζ), p₁ = (n−B)/(B(n−1)): with standard normal ζ, Σ_k w_k g_k has the mean and the
/// covariance of the gradients of batches of B without replacement.
[[nodiscard]] VectorOf<float> noise_weights(VectorOf<float> zeta, Index batch);

}  // namespace brink::analysis
