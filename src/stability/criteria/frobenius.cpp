// The Frobenius bound of Wu, Wang & Su 2022 (arXiv 2207.02628): a linearly stable minimum of SGD obeys
//
//     ‖H‖_F ≤ (1/η) √(1/(p1 μ₀)),
//
// with the alignment factor μ₀ = min_x μ(x), μ(x) = tr(Σ₁(x) H) / (2 L(x) ‖H‖_F²), Σ₁ the covariance of one sample's
// gradient at x. As a Rayleigh quotient, μ₀ ‖H‖_F² is the smallest eigenvalue of the pencil (⟨H_k H H_k⟩ − H³, H). The
// bound is one step of the identity E[L⁺ | x] = ½ xᵀH(I−ηH)²x + ½ η² tr(N(xxᵀ) H). When p1 ≠ p2 (Bernoulli) the same
// step gives the sharper η² λ_min(N(H), H) ≤ 1, which is what is computed for every law.

#include <cmath>

#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

class Frobenius final : public SgdCriterion {
 public:
  std::string_view name() const override { return "frobenius"; }
  std::string_view source() const override { return "Wu, Wang & Su 2022, arXiv 2207.02628"; }

 protected:
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    bound.status = BoundStatus::necessary;
    const double p1 = cell.noise.p1();
    if (p1 == 0) return;
    const Vector& lambda = cell.model.spectrum();
    // N is linear: a factor of λ_max is left for later, so that nothing is larger than H².
    const double top = lambda[0];
    const Matrix noise = cell.noise.of_diagonal(lambda / top);
    const double quotient = -top * largest_quotient(-noise, lambda);
    const double rounding = 1e-13 * p1 * lambda.squaredNorm();
    const double p2 = cell.noise.p2();
    double least_aligned = quotient;
    if (p1 != p2) {
      // N(H) = p1 ⟨H_k H H_k⟩ − p2 H³, and μ has p1 in place of p2.
      Matrix of_samples = noise;
      of_samples.diagonal().array() -= (p1 - p2) * lambda.array().square() * (lambda.array() / top);
      least_aligned = -top * largest_quotient(-of_samples, lambda);
    }
    if (least_aligned <= rounding) least_aligned = 0;
    if (quotient <= rounding) {
      bound.vacuous = true;
      bound.reason = "the alignment factor is 0: some direction feels no noise";
      return;
    }
    bound.eta = 1 / std::sqrt(quotient);
    bound.residual = 0.5 * rounding / quotient;
    bound.details.emplace_back("alignment_factor", quotient / (p1 * lambda.squaredNorm()));
    bound.details.emplace_back("smallest_mu", least_aligned / (p1 * lambda.squaredNorm()));
  }
};

}  // namespace

std::unique_ptr<Criterion> make_frobenius_criterion() { return std::make_unique<Frobenius>(); }

}  // namespace brink
