#include "analysis/edge_models.hpp"

#include <cmath>
#include <numbers>

#include "brink/network/models.hpp"

namespace brink::analysis {
namespace {

constexpr Index kWidth = 100;
constexpr Index kPoints = 20;
constexpr double kFirstLayerGain = 1.9;

}  // namespace

Task chebyshev_task(int degree) {
  Task task;
  task.network.inputs = task.network.outputs = 1;
  append_dense(task.network, kWidth, true);
  append_activation(task.network, "tanh");
  append_dense(task.network, 1, false);
  task.inputs.resize(kPoints, 1);
  task.targets.resize(kPoints, 1);
  for (Index i = 0; i < kPoints; ++i) {
    const double angle = std::numbers::pi * (static_cast<double>(i) + 0.5) / kPoints;
    task.inputs(i, 0) = std::cos(angle);
    task.targets(i, 0) = std::cos(degree * angle);
  }
  return task;
}

Vector chebyshev_start(const Task& task, std::uint64_t seed) {
  Vector theta = initial_parameters(task.network, "xavier-normal", 1, seed);
  theta.head(kWidth) *= kFirstLayerGain;
  return theta;
}

}  // namespace brink::analysis
