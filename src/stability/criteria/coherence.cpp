// The coherence condition of Dexter et al. 2024 (arXiv 2401.12332), proved for Bernoulli batches: SGD diverges if
//
//     λ₁(H) > (σ/η) (n/B − 1)^{-1/2},   σ = λ₁(S)/max_k λ₁(H_k),   S_kl = √tr(H_k H_l) = ‖A_k A_lᵀ‖_F.
//
// S is n × n with entries ≥ 0; its top eigenvalue is that of the Perron vector.

#include <cmath>

#include "brink/base/memory.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

/// S and max_k λ₁(H_k). O((nc)² r).
Matrix coherence_matrix(const SampleRows& samples, double& largest) {
  const Index n = samples.samples;
  const Index c = samples.outputs;
  const double size = static_cast<double>(n) * static_cast<double>(n);
  require_memory(8 * size * (1 + static_cast<double>(c)), "the coherence matrix");
  Matrix s(n, n);
  largest = 0;
  for (Index k = 0; k < n; ++k) {
    const Matrix products = samples.rows * samples.rows.middleRows(k * c, c).transpose();
    for (Index l = 0; l < n; ++l) s(l, k) = products.middleRows(l * c, c).norm();
    largest = std::max(largest, symmetric_eigenvalues(products.middleRows(k * c, c))[0]);
  }
  return s;
}

class Coherence final : public SgdCriterion {
 public:
  std::string_view name() const override { return "coherence"; }
  std::string_view source() const override { return "Dexter et al. 2024, arXiv 2401.12332"; }

 protected:
  bool needs_semidefinite_samples() const override { return true; }
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    if (cell.law.name() != "bernoulli") {
      bound.reason = "proved for Bernoulli batches only; for other laws it can exclude stable step sizes";
      return;
    }
    if (cell.of_population()) {
      bound.reason = "the coherence of a population is not that of a subsample";
      return;
    }
    bound.status = BoundStatus::necessary;
    const SampleRows& samples = cell.model.samples();
    const double excess = static_cast<double>(samples.samples) / static_cast<double>(cell.batch_size) - 1;
    if (excess == 0) return;
    double largest = 0;
    const Matrix s = coherence_matrix(samples, largest);
    SymmetricOperator op;
    op.dimension = s.rows();
    op.apply = [&s](const Vector& x, Vector& y) { y.noalias() = s.selfadjointView<Eigen::Lower>() * x; };
    const TopEigenResult top = top_eigenpair(op, {}, Vector::Ones(s.rows()));
    const double coherence = top.value / largest;
    bound.eta = coherence / (cell.model.lambda_max() * std::sqrt(excess));
    bound.residual = top.residual / top.value + dense_rounding(cell.model.rank());
    bound.details.emplace_back("coherence", coherence);
  }
};

}  // namespace

std::unique_ptr<Criterion> make_coherence_criterion() { return std::make_unique<Coherence>(); }

}  // namespace brink
