// Every batch stable: η ≤ 2/max_B λ_max(H_B) for positive semidefinite H_k. Sufficient, because every step is then a
// contraction. The largest batch curvature is
//
//   with replacement     max_k λ_max(H_k), the batch that draws one sample B times (λ_max is convex);
//   Bernoulli            (n/B) λ_max(H), the batch of all samples (H_B grows with every member);
//   without replacement  a maximum over C(n, B) subsets: exact by enumeration when they are few. Otherwise bracketed:
//                        from below by the best of several alternating searches (batch of the B largest vᵀH_kv, v its
//                        top eigenvector), from above by three inequalities. The value reported is the safe one.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/sampling/philox.hpp"
#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

constexpr double kEnumeratedWork = 3e8;  ///< flops that enumeration may cost, about
constexpr int kSearches = 24;
constexpr Index kGramSamples = 4000;  ///< rows of the n × n table of the pairwise bound

struct Bracket {
  double lower = 0;
  double upper = 0;
  bool exact = true;
};

/// λ_max of Σ_{k in batch} H_k and its eigenvector (when wanted), through the smaller of the two Gram matrices.
double batch_curvature(const SampleRows& samples, const std::vector<Index>& batch, Vector* direction) {
  const Index c = samples.outputs;
  RowMatrix rows(static_cast<Index>(batch.size()) * c, samples.rows.cols());
  for (std::size_t i = 0; i < batch.size(); ++i)
    rows.middleRows(static_cast<Index>(i) * c, c) = samples.rows.middleRows(batch[i] * c, c);
  const bool wide = rows.rows() < rows.cols();
  const Matrix gram = wide ? Matrix(rows * rows.transpose()) : Matrix(rows.transpose() * rows);
  if (!direction) return symmetric_eigenvalues(gram)[0];
  const SymmetricEigen eigen = symmetric_eigen(gram);
  *direction = wide ? Vector(rows.transpose() * eigen.vectors.col(0)) : Vector(eigen.vectors.col(0));
  direction->normalize();
  return eigen.values[0];
}

double binomial(Index n, Index b) {
  return std::exp(std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(b) + 1) -
                  std::lgamma(static_cast<double>(n - b) + 1));
}

double largest_by_enumeration(const SampleRows& samples, Index batch_size) {
  std::vector<Index> batch(static_cast<std::size_t>(batch_size));
  std::iota(batch.begin(), batch.end(), Index{0});
  double largest = 0;
  while (true) {
    largest = std::max(largest, batch_curvature(samples, batch, nullptr));
    Index i = batch_size - 1;
    while (i >= 0 && batch[static_cast<std::size_t>(i)] == samples.samples - batch_size + i) --i;
    if (i < 0) return largest;
    ++batch[static_cast<std::size_t>(i)];
    for (Index j = i + 1; j < batch_size; ++j)
      batch[static_cast<std::size_t>(j)] = batch[static_cast<std::size_t>(j - 1)] + 1;
  }
}

/// The indices of the B largest entries.
std::vector<Index> largest_entries(const Vector& values, Index count) {
  std::vector<Index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](Index a, Index b) { return values[a] > values[b] || (values[a] == values[b] && a < b); });
  order.resize(static_cast<std::size_t>(count));
  return order;
}

Vector sample_sums(const Vector& squares, const SampleRows& samples) {
  return Eigen::Map<const RowMatrix>(squares.data(), samples.samples, samples.outputs).rowwise().sum();
}

/// From below: both half-steps can only increase vᵀ(Σ_B H_k)v, so each search ends, at a batch that exists.
double largest_found(const SampleRows& samples, Index batch_size) {
  const Index r = samples.rows.cols();
  const Vector lengths = samples.rows.rowwise().squaredNorm();
  double best = 0;
  for (int search = 0; search < kSearches; ++search) {
    Vector v;
    if (search < kSearches / 3) {
      v = Vector::Unit(r, std::min<Index>(search, r - 1));
    } else if (search < 2 * kSearches / 3) {
      const Index rank = std::min<Index>(search - kSearches / 3, lengths.size() - 1);
      v = samples.rows.row(largest_entries(lengths, rank + 1).back()).transpose();
    } else {
      Philox random(0, Purpose::eigen_solver, static_cast<std::uint32_t>(search), 1);
      v = Vector::NullaryExpr(r, [&random](Index) { return random.normal(); });
    }
    double value = 0;
    while (true) {
      const Vector squares = (samples.rows * v).cwiseAbs2();
      const double next = batch_curvature(samples, largest_entries(sample_sums(squares, samples), batch_size), &v);
      if (next <= value * (1 + 1e-12)) break;
      value = next;
    }
    best = std::max(best, value);
  }
  return best;
}

/// λ_max(H_k) of every sample.
Vector own_curvatures(const SampleRows& samples) {
  const Index c = samples.outputs;
  Vector own(samples.samples);
  for (Index k = 0; k < samples.samples; ++k) {
    const auto rows = samples.rows.middleRows(k * c, c);
    own[k] = c == 1 ? rows.squaredNorm() : symmetric_eigenvalues(rows * rows.transpose())[0];
  }
  return own;
}

double sum_of_largest(const Vector& values, Index count) {
  double sum = 0;
  for (const Index i : largest_entries(values, count)) sum += values[i];
  return sum;
}

/// From above, for Σ_{k in batch} H_k: all samples; the B largest λ_max(H_k); and for the block Gram matrix of the
/// batch its largest row sum of block norms (a block Gershgorin bound).
double upper_bound(const SampleRows& samples, Index batch_size, double all) {
  const Index n = samples.samples;
  const Index c = samples.outputs;
  const Vector own = own_curvatures(samples);
  const double upper = std::min(all, sum_of_largest(own, batch_size));
  if (n > kGramSamples) return upper;
  double gershgorin = 0;
  Vector norms(n);
  for (Index k = 0; k < n; ++k) {
    const Matrix products = samples.rows * samples.rows.middleRows(k * c, c).transpose();
    for (Index l = 0; l < n; ++l) norms[l] = products.middleRows(l * c, c).norm();
    norms[k] = 0;
    gershgorin = std::max(gershgorin, own[k] + sum_of_largest(norms, batch_size - 1));
  }
  return std::min(upper, gershgorin);
}

Bracket without_replacement(const LinearizedModel& model, Index batch_size) {
  const SampleRows& samples = model.samples();
  const Index n = samples.samples;
  const double all = static_cast<double>(n) * model.lambda_max();
  if (batch_size == n) return {all, all};
  const auto size = static_cast<double>(std::min(batch_size * samples.outputs, model.rank()));
  const double work = binomial(n, batch_size) * (10 * size * size * size + 2000);
  if (work <= kEnumeratedWork) {
    const double largest = largest_by_enumeration(samples, batch_size);
    return {largest, largest};
  }
  const double lower = largest_found(samples, batch_size);
  return {lower, std::max(lower, upper_bound(samples, batch_size, all)), false};
}

class EveryBatch final : public SgdCriterion {
 public:
  std::string_view name() const override { return "every-batch"; }
  std::string_view source() const override { return "every step a contraction"; }

 protected:
  bool needs_semidefinite_samples() const override { return true; }
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    if (cell.of_population()) {
      bound.reason = "batches hold samples of the population that the model does not";
      return;
    }
    const auto b = static_cast<double>(cell.batch_size);
    Bracket sum;  // of λ_max(Σ_{k in batch} H_k)
    if (cell.law.name() == "without-replacement") {
      sum = without_replacement(cell.model, cell.batch_size);
    } else if (cell.law.name() == "with-replacement") {
      const double largest = own_curvatures(cell.model.samples()).maxCoeff();
      sum = {b * largest, b * largest};
    } else if (cell.law.name() == "bernoulli") {
      const double all = static_cast<double>(cell.model.samples().samples) * cell.model.lambda_max();
      sum = {all, all};
    } else {
      bound.reason = cell.law.fresh_gaussian_rows() ? "Gaussian rows are unbounded: no step suits every batch"
                                                    : "not known which batches this law can draw";
      return;
    }
    bound.status = BoundStatus::sufficient;
    bound.eta = 2 * b / sum.upper;
    bound.residual = dense_rounding(cell.model.rank()) + (sum.upper - sum.lower) / sum.upper;
    if (!sum.exact) bound.details.emplace_back("eta_not_above", 2 * b / sum.lower);
  }
};

}  // namespace

std::unique_ptr<Criterion> make_every_batch_criterion() { return std::make_unique<EveryBatch>(); }

}  // namespace brink
