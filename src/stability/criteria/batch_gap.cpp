// The batch-size gap of Mulayoff & Michaeli 2024 (arXiv 2306.07850). With E = ⟨(H_k − H) ⊗ (H_k − H)⟩ and N = p1 E for
// laws with p1 = p2, 2/η* = λ_max(C⁻¹(HXH + N)) ≤ λ_max(H) + p1 λ_max(C⁻¹E). As published, with p1 ≤ 1/B:
//
//     B ≥ ((1−ε)/ε) κ, κ = λ_max(C⁻¹E)/λ_max(H)   ⟹   η* ≥ (1−ε) 2/λ_max(H),
//
// so a batch of B proves every step up to (2/λ_max(H)) · B/(B + κ) stable. For Bernoulli batches N = p1 (E + HXH), and
// 2/η* ≤ (1+p1) λ_max(H) + p1 λ_max(C⁻¹E). Sufficient.

#include <algorithm>

#include "brink/stability/noise_pencil.hpp"
#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

class BatchGap final : public SgdCriterion {
 public:
  std::string_view name() const override { return "batch-gap"; }
  std::string_view source() const override { return "Mulayoff & Michaeli 2024, arXiv 2306.07850"; }

 protected:
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    const double p1 = cell.noise.p1();
    const double p2 = cell.noise.p2();
    const bool bernoulli = p2 == 0 && (p1 != 0 || cell.law.name() == "bernoulli");
    if (p1 != p2 && !bernoulli) {
      bound.reason = "stated for laws with p1 = p2 and for Bernoulli batches";
      return;
    }
    const Vector& lambda = cell.model.spectrum();
    const double top = lambda[0];
    const NoisePencilTop spread = noise_pencil_top(cell.noise, 1.0, -lambda * lambda.transpose(), lambda);
    // E ⪰ 0; a value of the size of rounding is the 0 of samples that are all alike.
    const double value = std::max(spread.value, 0.0);
    const double gap = value / top;
    bound.status = BoundStatus::sufficient;
    if (bernoulli) {
      bound.eta = 2 / ((1 + p1) * top + p1 * value);
    } else {
      const auto b = static_cast<double>(cell.batch_size);
      bound.eta = 2 / top * b / (b + gap);
      bound.details.emplace_back("eta_with_p1", 2 / (top + p1 * value));
    }
    bound.residual = spread.residual + dense_rounding(lambda.size());
    bound.details.emplace_back("gap", gap);
  }
};

}  // namespace

std::unique_ptr<Criterion> make_batch_gap_criterion() { return std::make_unique<BatchGap>(); }

}  // namespace brink
