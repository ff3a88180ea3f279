// Condition (24) of Mulayoff & Michaeli 2024 (arXiv 2306.07850), the quotient of (15) at the best X = vvᵀ:
//
//     2/η ≥ max_{‖v‖=1} (1−p2) vᵀHv + p1 ⟨(vᵀH_kv)²⟩/(vᵀHv),
//
// so exact ≤ (24) ≤ (15) ≤ 2/λ_max. The only condition that is an optimization: it says how many of its starts found
// the same maximum. A local maximum is a valid, weaker bound.

#include "brink/stability/rank_one_maximum.hpp"
#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

class RankOne final : public SgdCriterion {
 public:
  std::string_view name() const override { return "rank-one"; }
  std::string_view source() const override { return "Mulayoff & Michaeli 2024, arXiv 2306.07850"; }

 protected:
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    const RankOneMaximum top = rank_one_maximum(cell.noise, cell.model.rank());
    bound.status = BoundStatus::necessary;
    bound.eta = 2 / top.value;
    bound.residual = top.error + dense_rounding(cell.model.rank());
    bound.details.emplace_back("starts", static_cast<double>(top.starts));
    bound.details.emplace_back("starts_at_maximum", static_cast<double>(top.starts_at_maximum));
  }
};

}  // namespace

std::unique_ptr<Criterion> make_rank_one_criterion() { return std::make_unique<RankOne>(); }

}  // namespace brink
