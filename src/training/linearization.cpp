#include "brink/training/linearization.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "brink/base/memory.hpp"

namespace brink {
namespace {

constexpr double kBlockNumbers = 1 << 25;  // 256 MB of rows at a time

/// Samples [begin, begin + count) as a batch; the sum is not divided.
Batch part_of(const Batch& all, Index begin, Index count) {
  return {all.samples.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)), 1.0};
}

Matrix gram_in_blocks(const NetworkObjective<double>& objective, const Vector& theta) {
  const Index n = objective.samples();
  const Index c = objective.outputs();
  const Batch all = objective.all();
  const double numbers_a_sample = static_cast<double>(c) * static_cast<double>(objective.parameters());
  const auto block = std::clamp<Index>(static_cast<Index>(kBlockNumbers / numbers_a_sample), 1, n);
  require_memory(
      8 * (static_cast<double>(n * c) * static_cast<double>(n * c) + 2 * static_cast<double>(block) * numbers_a_sample),
      "the Gram matrix of a network");
  Matrix gram(n * c, n * c);
  RowMatrix left;
  RowMatrix right;
  for (Index i = 0; i < n; i += block) {
    const Index rows = std::min(block, n - i);
    objective.gauss_newton_rows(theta, part_of(all, i, rows), left);
    gram.block(i * c, i * c, rows * c, rows * c).noalias() = left * left.transpose();
    for (Index j = 0; j < i; j += block) {
      objective.gauss_newton_rows(theta, part_of(all, j, block), right);
      gram.block(i * c, j * c, rows * c, block * c).noalias() = left * right.transpose();
      gram.block(j * c, i * c, block * c, rows * c) = gram.block(i * c, j * c, rows * c, block * c).transpose();
    }
  }
  return gram;
}

}  // namespace

Linearization linearize_network(const NetworkObjective<double>& objective, const Vector& theta, bool interpolates) {
  Linearization result;
  result.samples = objective.samples();
  result.outputs = objective.outputs();
  const Index rows = result.samples * result.outputs;
  const Index p = objective.parameters();
  if (interpolates && rows < p) {
    result.gram = gram_in_blocks(objective, theta);
    return result;
  }
  const double noise = interpolates ? 0 : static_cast<double>(result.samples) * static_cast<double>(p);
  require_memory(8 * (static_cast<double>(rows) * static_cast<double>(p) + noise), "the Jacobian of a network");
  objective.gauss_newton_rows(theta, objective.all(), result.rows);
  if (interpolates) return result;
  result.gradient_noise.resize(result.samples, p);
  Vector gradient(p);
  for (Index k = 0; k < result.samples; ++k) {
    objective.gradient(theta, part_of(objective.all(), k, 1), gradient);
    result.gradient_noise.row(k) = gradient.transpose();
  }
  return result;
}

LinearizedModel linearized_model(const Linearization& linearization) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  if (linearization.gram.size() > 0)
    return LinearizedModel::from_gram(linearization.gram, linearization.outputs, kEpsilon);
  return LinearizedModel::from_rows(linearization.rows, linearization.outputs, kEpsilon, linearization.gradient_noise);
}

}  // namespace brink
