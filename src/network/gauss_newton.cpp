#include "brink/network/gauss_newton.hpp"

#include <algorithm>

#include "brink/base/memory.hpp"

namespace brink {
namespace {

constexpr double kBlockNumbers = 1 << 25;  // 256 MB of rows at a time

/// Samples [begin, begin + count) of a batch; the sum is not divided.
Batch part_of(const Batch& batch, Index begin, Index count) {
  return {batch.samples.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)), 1.0};
}

double numbers_a_sample(Index outputs, Index parameters) {
  return static_cast<double>(outputs) * static_cast<double>(parameters);
}

/// Into memory that is kept from block to block.
template <class Real>
void rows_into(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch,
               RowMatrix& rows) {
  if constexpr (std::is_same_v<Real, double>) {
    objective.gauss_newton_rows(theta, batch, rows);
  } else {
    RowMatrixOf<Real> single;
    objective.gauss_newton_rows(theta, batch, single);
    rows = single.template cast<double>();
  }
}

}  // namespace

template <class Real>
RowMatrix gauss_newton_rows(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch) {
  const double bytes = std::is_same_v<Real, double> ? 8 : 8 + sizeof(Real);
  require_memory(
      bytes * static_cast<double>(batch.samples.size()) * numbers_a_sample(objective.outputs(), objective.parameters()),
      "the Gauss-Newton rows of a network");
  RowMatrix rows;
  rows_into(objective, theta, batch, rows);
  return rows;
}

template <class Real>
Matrix gauss_newton_gram(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch,
                         Index block) {
  const auto n = static_cast<Index>(batch.samples.size());
  const Index c = objective.outputs();
  const double numbers = numbers_a_sample(c, objective.parameters());
  block = std::clamp<Index>(block > 0 ? block : static_cast<Index>(kBlockNumbers / numbers), 1, n);
  const double blocks = (block < n ? 2 : 1) * static_cast<double>(block) * numbers;
  require_memory(8 * (static_cast<double>(n * c) * static_cast<double>(n * c) + 1.5 * blocks),
                 "the Gram matrix of a network");
  Matrix gram = Matrix::Zero(n * c, n * c);
  RowMatrix left;
  RowMatrix right;
  for (Index i = 0; i < n; i += block) {
    const Index rows = std::min(block, n - i);
    rows_into(objective, theta, part_of(batch, i, rows), left);
    gram.block(i * c, i * c, rows * c, rows * c).template selfadjointView<Eigen::Lower>().rankUpdate(left);
    for (Index j = 0; j < i; j += block) {
      rows_into(objective, theta, part_of(batch, j, block), right);
      gram.block(i * c, j * c, rows * c, block * c).noalias() = left * right.transpose();
    }
  }
  gram.template triangularView<Eigen::StrictlyUpper>() = gram.transpose();
  return gram;
}

template <class Real>
RowMatrix sample_gradients(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch) {
  const auto n = static_cast<Index>(batch.samples.size());
  require_memory(8.0 * static_cast<double>(n) * static_cast<double>(objective.parameters()),
                 "the gradients of the samples of a network");
  RowMatrix gradients(n, objective.parameters());
  VectorOf<Real> gradient(objective.parameters());
  for (Index k = 0; k < n; ++k) {
    objective.gradient(theta, part_of(batch, k, 1), gradient);
    gradients.row(k) = gradient.template cast<double>();
  }
  return gradients;
}

template RowMatrix gauss_newton_rows(const NetworkObjective<float>&, const VectorOf<float>&, const Batch&);
template RowMatrix gauss_newton_rows(const NetworkObjective<double>&, const VectorOf<double>&, const Batch&);
template Matrix gauss_newton_gram(const NetworkObjective<float>&, const VectorOf<float>&, const Batch&, Index);
template Matrix gauss_newton_gram(const NetworkObjective<double>&, const VectorOf<double>&, const Batch&, Index);
template RowMatrix sample_gradients(const NetworkObjective<float>&, const VectorOf<float>&, const Batch&);
template RowMatrix sample_gradients(const NetworkObjective<double>&, const VectorOf<double>&, const Batch&);

}  // namespace brink
