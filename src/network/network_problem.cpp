#include "network_problem.hpp"

#include <fmt/format.h>

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

}  // namespace brink
