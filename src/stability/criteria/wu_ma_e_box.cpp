// The box of Wu, Ma & E 2018 (arXiv 1803.00195): λ_max(H) ≤ 2/η and s² p1 ≤ 1/η², s² p1 = λ_max(N(I)). Each side is
// necessary for their condition E‖x⁺‖² ≤ ‖x‖², but together they neither imply stability nor follow from it.

#include <algorithm>
#include <cmath>

#include "brink/linalg/symmetric_eigen.hpp"
#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

class WuMaEBox final : public SgdCriterion {
 public:
  std::string_view name() const override { return "wu-ma-e-box"; }
  std::string_view source() const override { return "Wu, Ma & E 2018, arXiv 1803.00195"; }

 protected:
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    const Vector& lambda = cell.model.spectrum();
    const double noise = symmetric_eigenvalues(cell.noise.of_diagonal(Vector::Ones(lambda.size())))[0];
    bound.status = BoundStatus::neither;
    bound.eta = 2 / lambda[0];
    if (noise > 0) bound.eta = std::min(*bound.eta, 1 / std::sqrt(noise));
    bound.residual = dense_rounding(lambda.size());
    const double p1 = cell.noise.p1();
    if (p1 > 0) bound.details.emplace_back("non_uniformity", std::sqrt(std::max(noise, 0.0) / p1));
  }
};

}  // namespace

std::unique_ptr<Criterion> make_wu_ma_e_box_criterion() { return std::make_unique<WuMaEBox>(); }

}  // namespace brink
