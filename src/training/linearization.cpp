#include "brink/training/linearization.hpp"

#include <limits>

#include "brink/network/gauss_newton.hpp"

namespace brink {

Linearization linearize_network(const NetworkObjective<double>& objective, const Vector& theta, bool interpolates) {
  Linearization result;
  result.samples = objective.samples();
  result.outputs = objective.outputs();
  const Batch all = objective.all();
  if (interpolates && result.samples * result.outputs < objective.parameters()) {
    result.gram = gauss_newton_gram(objective, theta, all);
    return result;
  }
  result.rows = gauss_newton_rows(objective, theta, all);
  if (!interpolates) result.gradient_noise = sample_gradients(objective, theta, all);
  return result;
}

LinearizedModel linearized_model(const Linearization& linearization) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  if (linearization.gram.size() > 0)
    return LinearizedModel::from_gram(linearization.gram, linearization.outputs, kEpsilon);
  return LinearizedModel::from_rows(linearization.rows, linearization.outputs, kEpsilon, linearization.gradient_noise);
}

}  // namespace brink
