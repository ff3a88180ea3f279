// Condition (16) of Mulayoff & Michaeli 2024 (arXiv 2306.07850), the quotient of (15) at X = I:
//
//     η ≤ 2 tr H/((1−p2) ‖H‖_F² + p1 ⟨‖H_k‖_F²⟩).
//
// It has no fixed place among the other conditions.

#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

class Mulayoff16 final : public SgdCriterion {
 public:
  std::string_view name() const override { return "mulayoff-16"; }
  std::string_view source() const override { return "Mulayoff & Michaeli 2024, arXiv 2306.07850"; }

 protected:
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    const Vector& lambda = cell.model.spectrum();
    const double noise = cell.noise.of_diagonal(Vector::Ones(lambda.size())).trace();
    bound.status = BoundStatus::necessary;
    bound.eta = 2 * lambda.sum() / (lambda.squaredNorm() + noise);
    bound.residual = dense_rounding(lambda.size());
  }
};

}  // namespace

std::unique_ptr<Criterion> make_mulayoff_16_criterion() { return std::make_unique<Mulayoff16>(); }

}  // namespace brink
