#include "network_problem.hpp"

#include <fmt/format.h>

#include "brink/base/error.hpp"
#include "brink/data/npy.hpp"

namespace brink {

TrainableProblem network_problem(Network network, SupervisedData data, LossKind loss, Vector start) {
  struct Shared {
    Network network;
    RowMatrix inputs, targets;
  };
  TrainableProblem problem;
  problem.start = std::move(start);
  problem.notes = std::move(data.notes);
  problem.notes.push_back(fmt::format("network: {}, {} parameters", network.description, network.parameters));
  const auto shared =
      std::make_shared<const Shared>(Shared{std::move(network), std::move(data.inputs), std::move(data.targets)});
  problem.single = [shared, loss] {
    return make_network_objective<float>(shared->network, shared->inputs, shared->targets, loss);
  };
  problem.precise = [shared, loss] {
    return make_network_objective<double>(shared->network, shared->inputs, shared->targets, loss);
  };
  return problem;
}

Vector saved_parameters(const std::filesystem::path& file, Index parameters) {
  const NpyHeader header = read_npy_header(file);
  check_argument(header.size() == parameters, "model", "parameters",
                 fmt::format("{} of shape {}", file.string(), shape_text(header.shape)),
                 fmt::format("{} numbers, the parameters of the network", parameters));
  const NpyArray array = read_npy(file);
  return Eigen::Map<const Vector>(array.values.data(), parameters);
}

}  // namespace brink
