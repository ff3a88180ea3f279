#pragma once
// The models of the literature on the edge of stability, each a few lines in the vocabulary of layers.hpp.

#include <cstdint>
#include <string>
#include <vector>

#include "brink/network/layers.hpp"

namespace brink {

/// widths = (inputs, hidden …, outputs), at least two: dense layers with `activation` between them. "identity" makes
/// deep linear networks; widths of 1 make scalar networks f = x·y·z·w.
[[nodiscard]] Network fully_connected(const std::vector<Index>& widths, const std::string& activation, bool bias);

/// f(x) = Σ_i w_i x_i with w = u∘v (θ = (u, v)) or, `signed_square`, w = u∘u − v∘v.
[[nodiscard]] Network diagonal_linear(Index inputs, bool signed_square);

/// f_m = ⟨M_m, U Vᵀ⟩, M_m (rows × columns, row-major) the input; U is rows × rank, Vᵀ rank × columns. Observing single
/// entries of the product (M_m of one entry) is matrix factorization and completion. θ = (Vᵀ, U).
[[nodiscard]] Network matrix_sensing(Index rows, Index columns, Index rank);
/// f_m = ⟨M_m, U Uᵀ⟩; θ = U, size × rank.
[[nodiscard]] Network symmetric_sensing(Index size, Index rank);

/// f(x) = w σ(wᵀx), w shared: the single-neuron autoencoder.
[[nodiscard]] Network single_neuron_autoencoder(Index inputs, const std::string& activation);

/// Images of side² pixels (one channel), then for each entry of `channels` a convolution (kernel × kernel, no padding,
/// biases) and the activation, then the mean over positions and a dense layer.
[[nodiscard]] Network convolutional(Index side, const std::vector<Index>& channels, Index kernel, Index outputs,
                                    const std::string& activation);

/// A starting point. `kind`: "default" (PyTorch: weights and biases uniform on ±1/√fan_in), "kaiming-normal" (variance
/// 2/fan_in, biases 0), "xavier-normal" (variance 2/(fan_in + fan_out), biases 0), "constant" (all weights 1, biases
/// 0); everything times `scale`. Layer l draws from its own stream of `seed`. fan_in = 1 for a diagonal layer.
[[nodiscard]] Vector initial_parameters(const Network& network, const std::string& kind, double scale,
                                        std::uint64_t seed);

}  // namespace brink
