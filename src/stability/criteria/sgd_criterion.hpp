#pragma once
// What the published conditions on plain SGD share: where they apply, and when they say nothing.

#include "brink/stability/criterion.hpp"
#include "brink/stability/noise_operator.hpp"

namespace brink {

/// One cell of plain SGD, H positive definite on the range.
struct SgdCell {
  const LinearizedModel& model;
  const BatchLaw& law;
  Index batch_size;
  const NoiseOperator& noise;

  /// True when the samples of the model are a subsample of what batches are drawn from.
  [[nodiscard]] bool of_population() const {
    return noise.has_samples() && law.population(model.samples().samples) != model.samples().samples;
  }
};

/// A condition stated for SGD without momentum or weight decay at a minimum. The base refuses everything else with its
/// reason, and marks a necessary condition above the noise-free edge as vacuous.
class SgdCriterion : public Criterion {
 public:
  [[nodiscard]] Bound evaluate(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                               Index batch_size) const final;

 protected:
  /// Fills status, eta, residual and details; or leaves the status at not_applicable and gives the reason.
  virtual void evaluate(const SgdCell& cell, Bound& bound) const = 0;
  /// True when the condition is proved for positive semidefinite H_k only.
  [[nodiscard]] virtual bool needs_semidefinite_samples() const { return false; }
};

/// Relative error of what dense linear algebra gives in r dimensions: a few roundings each.
[[nodiscard]] inline double dense_rounding(Index r) { return 4e-16 * static_cast<double>(r + 1); }

/// λ_max of Λ^{-1/2} A Λ^{-1/2} and of nothing more: the largest generalized eigenvalue of (A, H) in the eigenbasis.
[[nodiscard]] double largest_quotient(Matrix a, const Vector& lambda);

}  // namespace brink
