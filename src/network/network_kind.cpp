// Networks on Fashion-MNIST or a CSV file, as problems to train.

#include <fmt/format.h>

#include <cmath>

#include "../model/supervised_data.hpp"
#include "brink/base/memory.hpp"
#include "brink/data/npy.hpp"
#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "builtin_kinds.hpp"

namespace brink {
namespace {

struct NetworkOptions : SupervisedOptions {
  std::string architecture = "fully-connected";
  std::vector<std::int64_t> hidden = {32, 32};
  std::string activation = "tanh";
  bool bias = true;
  std::int64_t kernel = 3;
  std::int64_t frozen_layers = 0;
  std::string loss = "square";
  std::string initialization = "default";
  double initial_scale = 1;
  std::string parameters;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    SupervisedOptions::visit(self, field);
    field("architecture", self.architecture,
          "dense layers; w = u*v or u*u - v*v on the inputs (one output); f = w s(w'x), which learns its inputs; or "
          "convolutions on square images, then the mean of every channel and a dense layer",
          "\"fully-connected\", \"diagonal\", \"diagonal-square\", \"autoencoder\" or \"convolutional\"");
    field("hidden", self.hidden, "widths of the hidden layers; channels of the convolutions",
          "a list of integers >= 1");
    field("activation", self.activation, "after every hidden layer",
          "\"tanh\", \"relu\", \"gelu\", \"silu\", \"erf\" or \"identity\" (deep linear)");
    field("bias", self.bias, "of fully-connected: biases in every layer", "true or false");
    field("kernel", self.kernel, "of convolutional: side of the windows", "an integer >= 1");
    field("frozen_layers", self.frozen_layers, "of fully-connected: the first layers keep their random weights",
          "an integer >= 0, below the number of layers");
    field("loss", self.loss, "half squares, softmax cross-entropy (needs one-hot targets), or ln cosh of the residual",
          "\"square\", \"cross-entropy\" or \"log-cosh\"");
    field("initialization", self.initialization, "uniform as in PyTorch; normal, by fan-in or both; or all ones",
          "\"default\", \"kaiming-normal\", \"xavier-normal\" or \"constant\"");
    field("initial_scale", self.initial_scale, "multiplies the parameters at the start", "a finite number");
    field("parameters", self.parameters, "start from these instead, (p,), .npy; empty: the initialization",
          "the name of a .npy file");
  }
};

std::vector<Index> indices(const std::vector<std::int64_t>& values) { return {values.begin(), values.end()}; }

Network architecture_of(const NetworkOptions& options, const SupervisedData& data) {
  const Index inputs = data.inputs.cols();
  const Index outputs = data.targets.cols();
  for (const std::int64_t width : options.hidden) check_argument(width >= 1, "model", "hidden", width, "integers >= 1");
  if (options.architecture == "fully-connected") {
    std::vector<Index> widths = {inputs};
    for (const Index width : indices(options.hidden)) widths.push_back(width);
    widths.push_back(outputs);
    return fully_connected(widths, options.activation, options.bias);
  }
  if (options.architecture == "autoencoder") return single_neuron_autoencoder(inputs, options.activation);
  if (options.architecture == "convolutional") {
    const auto side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(inputs))));
    check_argument(side * side == inputs, "model", "inputs", inputs, "a square number for convolutions");
    return convolutional(side, indices(options.hidden), options.kernel, outputs, options.activation);
  }
  const bool square = options.architecture == "diagonal-square";
  check_argument(square || options.architecture == "diagonal", "model", "architecture", options.architecture,
                 "\"fully-connected\", \"diagonal\", \"diagonal-square\", \"autoencoder\" or \"convolutional\"");
  check_argument(outputs == 1, "model", "outputs", outputs, "1 for a diagonal network");
  return diagonal_linear(inputs, square);
}

Vector read_parameters(const std::filesystem::path& file, Index parameters) {
  const NpyHeader header = read_npy_header(file);
  check_argument(header.size() == parameters, "model", "parameters",
                 fmt::format("{} of shape {}", file.string(), shape_text(header.shape)),
                 fmt::format("{} numbers, the parameters of the network", parameters));
  const NpyArray array = read_npy(file);
  return Eigen::Map<const Vector>(array.values.data(), parameters);
}

TrainableProblem load_network(const OptionTable& table, const std::filesystem::path& directory) {
  NetworkOptions options;
  read_options("model", table, options);
  SupervisedData data = read_supervised(options, directory);
  if (options.architecture == "autoencoder") data.targets = data.inputs;
  const LossKind loss = loss_kind(options.loss);
  Network network = architecture_of(options, data);
  require_memory(24.0 * static_cast<double>(data.inputs.size() + network.parameters), "model: network");
  Vector start = initial_parameters(network, options.initialization, options.initial_scale, options.seed);
  check_argument(
      options.frozen_layers >= 0 && (options.frozen_layers == 0 || options.architecture == "fully-connected") &&
          options.frozen_layers <= static_cast<std::int64_t>(options.hidden.size()),
      "model", "frozen_layers", options.frozen_layers, "at most the hidden layers of a fully-connected network");
  std::size_t layer = 0;
  for (std::int64_t frozen = 0; frozen < options.frozen_layers; ++frozen, ++layer) {
    while (network.layers[layer].kind != LayerKind::dense) ++layer;
    network = freeze_layer(network, layer, start);
  }
  if (!options.parameters.empty()) start = read_parameters(directory / options.parameters, network.parameters);

  TrainableProblem problem;
  problem.start = std::move(start);
  struct Shared {
    Network network;
    SupervisedData data;
  };
  const auto shared = std::make_shared<const Shared>(Shared{std::move(network), std::move(data)});
  problem.single = [shared, loss] {
    return make_network_objective<float>(shared->network, shared->data.inputs, shared->data.targets, loss);
  };
  problem.precise = [shared, loss] {
    return make_network_objective<double>(shared->network, shared->data.inputs, shared->data.targets, loss);
  };
  problem.resolved = write_options(options);
  problem.notes = shared->data.notes;
  problem.notes.push_back(
      fmt::format("network: {}, {} parameters", shared->network.description, shared->network.parameters));
  if (loss == LossKind::half_square)
    problem.notes.emplace_back(
        "loss: mean over samples of half the squared error summed over outputs; PyTorch's MSELoss (mean) is 2/c times "
        "it");
  return problem;
}

}  // namespace

TrainableKind trainable_network_kind() {
  return {"network", "A network on Fashion-MNIST or a CSV file.", describe_options<NetworkOptions>(), load_network};
}

}  // namespace brink
