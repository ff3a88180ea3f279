// Networks on Fashion-MNIST or a CSV file, as problems to train.

#include <fmt/format.h>

#include <cmath>

#include "../model/supervised_data.hpp"
#include "brink/base/memory.hpp"
#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "builtin_kinds.hpp"
#include "network_problem.hpp"

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
  double label_smoothing = 0;
  std::string initialization = "default";
  double initial_scale = 1;
  std::string parameters;
  double rows_memory = kRowsMemory;

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
    field("label_smoothing", self.label_smoothing,
          "of cross-entropy: targets (1-s) one-hot + s/c, as PyTorch's label_smoothing; without it classes that the "
          "network "
          "can separate have no minimum",
          "a number in [0, 1)");
    field("initialization", self.initialization, "uniform as in PyTorch; normal, by fan-in or both; or all ones",
          "\"default\", \"kaiming-normal\", \"xavier-normal\" or \"constant\"");
    field("initial_scale", self.initial_scale, "multiplies the parameters at the start", "a finite number");
    field("parameters", self.parameters, "start from these instead, (p,), .npy; empty: the initialization",
          "the name of a .npy file");
    field("rows_memory", self.rows_memory, kRowsMemoryHelp, "a number >= 0");
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

/// Mixes the targets of the cross-entropy with the uniform distribution.
void smooth(const NetworkOptions& options, LossKind loss, RowMatrix& targets) {
  const double s = options.label_smoothing;
  check_argument(s >= 0 && s < 1 && (s == 0 || loss == LossKind::cross_entropy), "model", "label_smoothing", s,
                 "a number in [0, 1), and 0 for other losses than the cross-entropy");
  if (s > 0) targets = ((1 - s) * targets).array() + s / static_cast<double>(targets.cols());
}

TrainableProblem load_network(const OptionTable& table, const std::filesystem::path& directory) {
  NetworkOptions options;
  read_options("model", table, options);
  SupervisedData data = read_supervised(options, directory);
  if (options.architecture == "autoencoder") data.targets = data.inputs;
  const LossKind loss = loss_kind(options.loss);
  smooth(options, loss, data.targets);
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
  if (!options.parameters.empty())
    start = read_parameters(directory / options.parameters, network.parameters, "model", "parameters");

  TrainableProblem problem = network_problem(std::move(network), std::move(data), loss, std::move(start));
  problem.resolved = write_options(options);
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
