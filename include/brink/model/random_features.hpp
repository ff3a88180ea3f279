#pragma once
// Random feature maps [Rahimi & Recht 2007]: a wide layer with frozen weights, so that a linear model on top of real
// data has the spectrum of a network's kernel.

#include <cstdint>
#include <string>

#include "brink/linalg/matrix.hpp"

namespace brink {

struct RandomFeatures {
  Index features = 1024;            ///< m ≥ 1
  std::string activation = "relu";  ///< "relu", "tanh", "erf" or "fourier"
  double weight_scale = 1;          ///< σ_w > 0
  std::uint64_t seed = 0;
};

/// Φ (n × m) of inputs X (n × d). With w_i ~ N(0, I_d), z_i = σ_w w_iᵀx/√d (so that ‖x‖² = d gives Var z_i = σ_w²):
///   relu, tanh, erf:  φ_i = σ(z_i)/√m;
///   fourier:          φ_i = √(2/m) cos(z_i + u_i), u_i uniform on (0, 2π): the Gaussian kernel exp(−σ_w²‖x−x'‖²/(2d)).
/// φᵀφ' therefore converges to a kernel as m grows. Feature i depends on (seed, i) alone. O(nmd).
[[nodiscard]] RowMatrix random_features(const RowMatrix& inputs, const RandomFeatures& map);

}  // namespace brink
