#pragma once
// What mini-batches add to the second moment: the noise operator
//
//   N(X) = E[H_B X H_B] − HXH = p1 · ⟨H_k X H_k⟩ − p2 · HXH
//
// with ⟨·⟩ the mean over samples. Fresh rows a ~ N(0, H) fit the same form with p1 = p2 = 1/B and the mean over the
// population, ⟨H_k X H_k⟩ = E aaᵀXaaᵀ = 2 HXH + tr(HX) H (Isserlis): docs/theory.md, (3.1) and (3.3).

#include <optional>

#include "brink/model/linearized_model.hpp"
#include "brink/sampling/batch_law.hpp"
#include "brink/stability/sample_products.hpp"

namespace brink {

/// All matrices are r × r in the eigenbasis of H and symmetric; only their lower triangles are read and written. The
/// model must outlive the operator.
class NoiseOperator {
 public:
  /// Throws InvalidInput when the law does not draw such a batch from the model.
  NoiseOperator(const LinearizedModel& model, const BatchLaw& law, Index batch_size);

  [[nodiscard]] double p1() const { return p1_; }
  [[nodiscard]] double p2() const { return p2_; }
  /// False for fresh Gaussian rows: the mean is then over a population, not over samples of the model.
  [[nodiscard]] bool has_samples() const { return products_.has_value(); }
  [[nodiscard]] const LinearizedModel& model() const { return *model_; }

  /// ⟨H_k X H_k⟩. O(n c r²) at the speed of DGEMM.
  void mean_product(const Matrix& x, Matrix& out) const;
  /// N(X) for diagonal X.
  [[nodiscard]] Matrix of_diagonal(const Vector& x) const;
  /// ⟨(vᵀH_kv)²⟩ for a direction v. O(n c r).
  [[nodiscard]] double mean_squared_curvature(const Vector& v) const;

 private:
  const LinearizedModel* model_;
  std::optional<SampleProducts> products_;  ///< absent for fresh Gaussian rows
  double p1_ = 0;
  double p2_ = 0;
  mutable RowMatrix q_;
};

}  // namespace brink
