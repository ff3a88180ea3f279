#pragma once
// The vocabulary networks are written in. A network is a chain of layers; each layer is described here once and takes
// part in every derivative. Parameters are one flat vector θ; layers that name the same offset share parameters, which
// turns the same few layers into deep linear networks, diagonal networks, matrix sensing and convolutions.

#include <string>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

enum class LayerKind {
  dense,       ///< z = W x + b at every one of `positions` positions: W is outputs × inputs, rows of θ as PyTorch's
  activation,  ///< z = σ(x), entry by entry
  diagonal,    ///< z = w ∘ x
  patches,     ///< the square windows of an image, one row of channels·kernel² numbers a position (im2col)
  pool,        ///< the mean of every channel over all positions
};

/// One layer of a chain. Widths are per position for `dense`, whole otherwise.
struct Layer {
  LayerKind kind = LayerKind::dense;
  Index inputs = 1;
  Index outputs = 1;
  Index positions = 1;      ///< dense, pool: how many times the layer is applied side by side in a sample
  Index weights = -1;       ///< offset of W (or w) in θ; −1: the constants below
  Index bias = -1;          ///< offset of b in θ; −1: none, or the constants below
  bool transposed = false;  ///< dense: W lies in θ as inputs × outputs
  Matrix constant_weights;  ///< frozen W, outputs × inputs
  Vector constant_bias;     ///< frozen b; empty: none
  std::string activation;   ///< activation: "tanh", "relu", "gelu" (exact), "silu", "erf" or "identity"
  Index side = 0, channels = 0, kernel = 0;  ///< patches: a side × side image, stored position by position

  [[nodiscard]] Index width_in() const;   ///< numbers a sample brings
  [[nodiscard]] Index width_out() const;  ///< numbers a sample leaves with
};

/// A chain of layers and the number of its parameters.
struct Network {
  Index inputs = 1;
  Index outputs = 1;
  Index parameters = 0;
  std::vector<Layer> layers;
  std::string description;  ///< "784-200-200-10, tanh, biases"
};

/// Appends a layer whose parameters are new.
void append_dense(Network& network, Index outputs, bool bias, Index positions = 1);
void append_activation(Network& network, const std::string& name);
void append_diagonal(Network& network);
/// Turns the weights of a layer of `network` into constants taken from θ, and closes the gap they leave in θ.
[[nodiscard]] Network freeze_layer(const Network& network, std::size_t layer, Vector& theta);

/// Throws InvalidInput, naming the layer, where widths do not fit, offsets leave θ, or a name is unknown.
void check_network(const Network& network);

/// Width of the data after the layers so far.
[[nodiscard]] Index current_width(const Network& network);

}  // namespace brink
