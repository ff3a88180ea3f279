#include "brink/network/layers.hpp"

#include <fmt/format.h>

#include "activations.hpp"
#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr std::string_view kFunction = "network";

Index weight_count(const Layer& layer) {
  return layer.kind == LayerKind::diagonal ? layer.inputs : layer.inputs * layer.outputs;
}

void check_layer(const Layer& layer, const Network& network, std::size_t number) {
  const auto require = [&](bool good, const char* what, Index value, const std::string& allowed) {
    check_argument(good, kFunction, fmt::format("{} of layer {}", what, number), value, allowed);
  };
  require(layer.inputs >= 1, "inputs", layer.inputs, ">= 1");
  require(layer.outputs >= 1, "outputs", layer.outputs, ">= 1");
  require(layer.positions >= 1, "positions", layer.positions, ">= 1");
  const auto inside = [&](Index offset, Index count) { return offset < 0 || offset + count <= network.parameters; };
  if (layer.kind == LayerKind::dense || layer.kind == LayerKind::diagonal) {
    require(inside(layer.weights, weight_count(layer)), "weights offset", layer.weights, "inside the parameters");
    require(layer.weights >= 0 || layer.constant_weights.size() == weight_count(layer), "constant weights",
            layer.constant_weights.size(), "one number a weight");
  }
  if (layer.kind == LayerKind::dense) {
    require(inside(layer.bias, layer.outputs), "bias offset", layer.bias, "inside the parameters");
    require(layer.constant_bias.size() == 0 || layer.constant_bias.size() == layer.outputs, "constant bias",
            layer.constant_bias.size(), "one number an output, or none");
  } else if (layer.kind == LayerKind::activation) {
    (void)network_detail::activation_of(layer.activation);
  } else if (layer.kind == LayerKind::patches) {
    require(layer.kernel >= 1 && layer.kernel <= layer.side, "kernel", layer.kernel,
            fmt::format("1 <= kernel <= side = {}", layer.side));
    require(layer.channels >= 1, "channels", layer.channels, ">= 1");
  }
}

}  // namespace

Index Layer::width_in() const {
  switch (kind) {
    case LayerKind::dense:
      return positions * inputs;
    case LayerKind::patches:
      return side * side * channels;
    case LayerKind::pool:
      return positions * outputs;
    default:
      return inputs;
  }
}

Index Layer::width_out() const {
  switch (kind) {
    case LayerKind::dense:
      return positions * outputs;
    case LayerKind::patches:
      return (side - kernel + 1) * (side - kernel + 1) * channels * kernel * kernel;
    case LayerKind::pool:
      return outputs;
    default:
      return inputs;
  }
}

Index current_width(const Network& network) {
  return network.layers.empty() ? network.inputs : network.layers.back().width_out();
}

void append_dense(Network& network, Index outputs, bool bias, Index positions) {
  const Index width = current_width(network);
  check_argument(outputs >= 1, kFunction, "width", outputs, ">= 1");
  check_argument(positions >= 1 && width % positions == 0, kFunction, "positions", positions,
                 fmt::format("a divisor of the width {}", width));
  Layer layer;
  layer.inputs = width / positions;
  layer.outputs = outputs;
  layer.positions = positions;
  layer.weights = network.parameters;
  network.parameters += layer.inputs * outputs;
  if (bias) {
    layer.bias = network.parameters;
    network.parameters += outputs;
  }
  network.layers.push_back(layer);
  network.outputs = current_width(network);
}

void append_activation(Network& network, const std::string& name) {
  (void)network_detail::activation_of(name);
  Layer layer;
  layer.kind = LayerKind::activation;
  layer.inputs = layer.outputs = current_width(network);
  layer.activation = name;
  network.layers.push_back(layer);
  network.outputs = current_width(network);
}

void append_diagonal(Network& network) {
  Layer layer;
  layer.kind = LayerKind::diagonal;
  layer.inputs = layer.outputs = current_width(network);
  layer.weights = network.parameters;
  network.parameters += layer.inputs;
  network.layers.push_back(layer);
  network.outputs = current_width(network);
}

Network freeze_layer(const Network& network, std::size_t number, Vector& theta) {
  check_argument(number < network.layers.size() && network.layers[number].weights >= 0, "freeze_layer", "layer",
                 static_cast<double>(number), "a layer with parameters");
  check_argument(theta.size() == network.parameters, "freeze_layer", "parameters", theta.size(),
                 fmt::format("{} numbers", network.parameters));
  Network frozen = network;
  Layer& layer = frozen.layers[number];
  const Index first = layer.weights;
  const Index weights = weight_count(layer);
  const Index count = weights + (layer.bias >= 0 ? layer.outputs : 0);
  check_argument(layer.bias < 0 || layer.bias == first + weights, "freeze_layer", "bias", layer.bias,
                 "a bias that follows its weights");
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    check_argument(l == number || network.layers[l].weights != first, "freeze_layer", "layer",
                   static_cast<double>(number), "a layer that shares no parameters");
  }
  if (layer.kind == LayerKind::diagonal) {
    layer.constant_weights = theta.segment(first, weights);
  } else if (layer.transposed) {
    layer.constant_weights = Eigen::Map<const RowMatrix>(theta.data() + first, layer.inputs, layer.outputs).transpose();
  } else {
    layer.constant_weights = Eigen::Map<const RowMatrix>(theta.data() + first, layer.outputs, layer.inputs);
  }
  if (layer.bias >= 0) layer.constant_bias = theta.segment(layer.bias, layer.outputs);
  layer.weights = layer.bias = -1;
  for (Layer& other : frozen.layers) {
    if (other.weights > first) other.weights -= count;
    if (other.bias > first) other.bias -= count;
  }
  Vector rest(theta.size() - count);
  rest << theta.head(first), theta.tail(theta.size() - first - count);
  theta = rest;
  frozen.parameters -= count;
  frozen.description += fmt::format(", layer {} frozen", number);
  return frozen;
}

void check_network(const Network& network) {
  check_argument(!network.layers.empty(), kFunction, "layers", 0.0, "at least one");
  check_argument(network.parameters >= 1, kFunction, "parameters", network.parameters, "at least one");
  Index width = network.inputs;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    check_layer(network.layers[l], network, l);
    check_argument(network.layers[l].width_in() == width, kFunction, fmt::format("width of layer {}", l),
                   network.layers[l].width_in(), fmt::format("{}, what the layer before leaves", width));
    width = network.layers[l].width_out();
  }
  check_argument(width == network.outputs, kFunction, "outputs", network.outputs, fmt::format("{}", width));
}

}  // namespace brink
