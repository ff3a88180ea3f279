// Condition (15) of Mulayoff & Michaeli 2024 (arXiv 2306.07850). The exact threshold is 2/λ_max(C⁻¹D) with D(X) = N(X)
// + HXH and C(X) = ½(HX + XH); every X bounds λ_max from below by ⟨X, D X⟩/⟨X, C X⟩. With X = vvᵀ, (λ, v) the top
// eigenpair of H:
//
//     η ≤ 2λ/((1−p2) λ² + p1 ⟨(vᵀH_kv)²⟩).
//
// Where the top eigenvalue is multiple, v is the best of its eigenspace, so that the value does not depend on a basis.

#include "brink/stability/rank_one_maximum.hpp"
#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

constexpr double kEqual = 1e-12;  ///< eigenvalues this close (relative) count as one

class Mulayoff15 final : public SgdCriterion {
 public:
  std::string_view name() const override { return "mulayoff-15"; }
  std::string_view source() const override { return "Mulayoff & Michaeli 2024, arXiv 2306.07850"; }

 protected:
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    const Vector& lambda = cell.model.spectrum();
    const Index multiplicity = (lambda.array() >= lambda[0] * (1 - kEqual)).count();
    bound.status = BoundStatus::necessary;
    if (multiplicity > 1) {
      const RankOneMaximum top = rank_one_maximum(cell.noise, multiplicity);
      bound.eta = 2 / top.value;
      bound.residual = top.error + dense_rounding(cell.model.rank());
      bound.details.emplace_back("multiplicity", static_cast<double>(multiplicity));
    } else {
      bound.eta = 2 / rank_one_quotient(cell.noise, Vector::Unit(lambda.size(), 0));
      bound.residual = dense_rounding(lambda.size());
    }
  }
};

}  // namespace

std::unique_ptr<Criterion> make_mulayoff_15_criterion() { return std::make_unique<Mulayoff15>(); }

}  // namespace brink
