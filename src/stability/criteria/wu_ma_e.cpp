// The condition of Wu, Ma & E 2018 (arXiv 1803.00195): E‖x⁺‖² ≤ ‖x‖² for every x,
//
//     λ_max{(I − ηH)² + η² N(I)} ≤ 1   ⟺   η ≤ 2/λ_max(H² + N(I), H).
//
// Sufficient: what shrinks in every step is stable.

#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

class WuMaE final : public SgdCriterion {
 public:
  std::string_view name() const override { return "wu-ma-e"; }
  std::string_view source() const override { return "Wu, Ma & E 2018, arXiv 1803.00195"; }

 protected:
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    const Vector& lambda = cell.model.spectrum();
    Matrix a = cell.noise.of_diagonal(Vector::Ones(lambda.size()));
    a.diagonal() += lambda.cwiseAbs2();
    bound.status = BoundStatus::sufficient;
    bound.eta = 2 / largest_quotient(std::move(a), lambda);
    bound.residual = dense_rounding(lambda.size());
  }
};

}  // namespace

std::unique_ptr<Criterion> make_wu_ma_e_criterion() { return std::make_unique<WuMaE>(); }

}  // namespace brink
