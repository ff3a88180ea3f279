#include "brink/network/models.hpp"

#include <fmt/format.h>

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

/// The step number of Purpose::model streams that belong to networks.
constexpr std::uint32_t kInitialization = 0x6e65'7477;

Network start(Index inputs, std::string description) {
  check_argument(inputs >= 1, "network", "inputs", inputs, ">= 1");
  Network network;
  network.inputs = network.outputs = inputs;
  network.description = std::move(description);
  return network;
}

/// A dense layer that reads the parameters of another.
Layer shared_dense(Index inputs, Index outputs, Index weights, bool transposed) {
  Layer layer;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.weights = weights;
  layer.transposed = transposed;
  return layer;
}

}  // namespace

Network fully_connected(const std::vector<Index>& widths, const std::string& activation, bool bias) {
  check_argument(widths.size() >= 2, "fully_connected", "number of widths", static_cast<double>(widths.size()),
                 "at least inputs and outputs");
  Network network =
      start(widths[0], fmt::format("{}, {}, {}", fmt::join(widths, "-"), activation, bias ? "biases" : "no biases"));
  for (std::size_t l = 1; l < widths.size(); ++l) {
    if (l > 1 && activation != "identity") append_activation(network, activation);
    append_dense(network, widths[l], bias);
  }
  return network;
}

Network diagonal_linear(Index inputs, bool signed_square) {
  Network network = start(
      inputs, fmt::format("diagonal linear network of {} inputs, w = {}", inputs, signed_square ? "u*u - v*v" : "u*v"));
  if (!signed_square) {
    append_diagonal(network);
    append_dense(network, 1, false);
    return network;
  }
  // x ↦ (x, −x), so that one square of θ = (u, v) does both parts.
  Layer twice;
  twice.inputs = inputs;
  twice.outputs = 2 * inputs;
  twice.constant_weights = Matrix::Zero(2 * inputs, inputs);
  twice.constant_weights.topRows(inputs).setIdentity();
  twice.constant_weights.bottomRows(inputs) = -Matrix::Identity(inputs, inputs);
  network.layers.push_back(twice);
  append_diagonal(network);
  network.layers.push_back(shared_dense(2 * inputs, 1, 0, false));
  network.outputs = 1;
  return network;
}

Network matrix_sensing(Index rows, Index columns, Index rank) {
  check_argument(rows >= 1 && columns >= 1 && rank >= 1, "matrix_sensing", "rank", rank, "rows, columns, rank >= 1");
  Network network = start(rows * columns, fmt::format("<M, U V'>, {} x {}, rank {}", rows, columns, rank));
  append_dense(network, rank, false, rows);  // M V, row by row of M
  append_dense(network, 1, false);           // the sum of its entries times U
  return network;
}

Network symmetric_sensing(Index size, Index rank) {
  check_argument(size >= 1 && rank >= 1, "symmetric_sensing", "rank", rank, "size, rank >= 1");
  Network network = start(size * size, fmt::format("<M, U U'>, {} x {}, rank {}", size, size, rank));
  Layer product = shared_dense(size, rank, 0, true);  // M U
  product.positions = size;
  network.layers = {product, shared_dense(size * rank, 1, 0, false)};
  network.parameters = size * rank;
  network.outputs = 1;
  return network;
}

Network single_neuron_autoencoder(Index inputs, const std::string& activation) {
  Network network = start(inputs, fmt::format("single-neuron autoencoder of {} inputs, {}", inputs, activation));
  append_dense(network, 1, false);
  if (activation != "identity") append_activation(network, activation);
  network.layers.push_back(shared_dense(1, inputs, 0, false));
  network.outputs = inputs;
  return network;
}

Network convolutional(Index side, const std::vector<Index>& channels, Index kernel, Index outputs,
                      const std::string& activation) {
  check_argument(!channels.empty(), "convolutional", "channels", 0.0, "at least one convolution");
  Network network = start(side * side, fmt::format("convolutions of {} channels, kernel {}, {}, mean, {} outputs",
                                                   fmt::join(channels, "-"), kernel, activation, outputs));
  Index depth = 1;
  for (const Index wide : channels) {
    check_argument(kernel >= 1 && kernel <= side, "convolutional", "kernel", kernel,
                   fmt::format("1 <= kernel <= {}, the side of the image there", side));
    Layer patches;
    patches.kind = LayerKind::patches;
    patches.side = side;
    patches.channels = depth;
    patches.kernel = kernel;
    network.layers.push_back(patches);
    side -= kernel - 1;
    append_dense(network, wide, true, side * side);
    append_activation(network, activation);
    depth = wide;
  }
  Layer pool;
  pool.kind = LayerKind::pool;
  pool.inputs = pool.outputs = depth;
  pool.positions = side * side;
  network.layers.push_back(pool);
  append_dense(network, outputs, true);
  return network;
}

Vector initial_parameters(const Network& network, const std::string& kind, double scale, std::uint64_t seed) {
  check_network(network);
  check_argument(kind == "default" || kind == "kaiming-normal" || kind == "xavier-normal" || kind == "constant",
                 "initial_parameters", "initialization", fmt::format("\"{}\"", kind),
                 "\"default\", \"kaiming-normal\", \"xavier-normal\" or \"constant\"");
  check_argument(std::isfinite(scale), "initial_parameters", "scale", scale, "a finite number");
  Vector theta = Vector::Zero(network.parameters);
  std::vector<Index> drawn;  // offsets of shared weights, drawn by the first layer that has them
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    if (layer.weights < 0 || std::find(drawn.begin(), drawn.end(), layer.weights) != drawn.end()) continue;
    drawn.push_back(layer.weights);
    const bool diagonal = layer.kind == LayerKind::diagonal;
    const double fan_in = diagonal ? 1 : static_cast<double>(layer.inputs);
    const double fan_out = diagonal ? 1 : static_cast<double>(layer.outputs);
    Philox random(seed, Purpose::model, static_cast<std::uint32_t>(l), kInitialization);
    const double bound = 1 / std::sqrt(fan_in);
    const auto uniform = [&] { return bound * (2 * random.uniform() - 1); };
    const Index count = diagonal ? layer.inputs : layer.inputs * layer.outputs;
    for (Index i = layer.weights; i < layer.weights + count; ++i) {
      if (kind == "constant") theta[i] = 1;
      if (kind == "default") theta[i] = uniform();
      if (kind == "kaiming-normal") theta[i] = std::sqrt(2 / fan_in) * random.normal();
      if (kind == "xavier-normal") theta[i] = std::sqrt(2 / (fan_in + fan_out)) * random.normal();
    }
    for (Index i = 0; layer.bias >= 0 && kind == "default" && i < layer.outputs; ++i) theta[layer.bias + i] = uniform();
  }
  return scale * theta;
}

}  // namespace brink
