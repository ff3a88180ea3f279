// The Frobenius bound of Wu, Wang & Su 2022 (arXiv 2207.02628): a linearly stable minimum of SGD obeys
//
//     ‖H‖_F ≤ (1/η) √(1/(p1 μ₀)),
//
// with the alignment factor μ₀ = min_x μ(x), μ(x) = tr(Σ₁(x) H) / (2 L(x) ‖H‖_F²), Σ₁ the covariance of one sample's
// gradient at x. As a Rayleigh quotient, μ₀ ‖H‖_F² is the smallest eigenvalue of the pencil ((1/n) Σ_k H_k H H_k − H³,
// H). The bound is one step of the identity E[L⁺ | x] = ½ xᵀH(I−ηH)²x + ½ η² tr(N(xxᵀ) H). When p1 ≠ p2 (Bernoulli) the
// same step gives the sharper η² λ_min(p1 · (1/n) Σ_k H_k H H_k − p2 H³, H) ≤ 1, which is what is computed for every
// law.

#include <cmath>

#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/stability/sample_products.hpp"
#include "builtin_criteria.hpp"

namespace brink {
namespace {

/// λ_min of (p1 · (1/n) Σ_k H_k H H_k − p2 H³, H) in the eigenbasis of H > 0. O(n c r² + r³).
double smallest_noise_quotient(const LinearizedModel& model, double p1, double p2) {
  const Vector& lambda = model.spectrum();
  const SampleProducts products(model);
  RowMatrix q;
  products.gather_diagonal(lambda, q);
  Matrix pencil;
  products.spread(q, pencil);
  pencil *= p1 / static_cast<double>(products.samples());
  pencil.diagonal() -= p2 * lambda.array().cube().matrix();
  const Vector root = lambda.cwiseSqrt().cwiseInverse();
  pencil = root.asDiagonal() * pencil * root.asDiagonal();
  const Vector values = symmetric_eigenvalues(pencil);
  return values[values.size() - 1];
}

class Frobenius final : public Criterion {
 public:
  std::string_view name() const override { return "frobenius"; }
  std::string_view source() const override { return "Wu, Wang & Su 2022, arXiv 2207.02628"; }
  Bound evaluate(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                 Index batch_size) const override {
    Bound bound;
    if (rule.name() != "sgd" || rule.weight_decay() != 0) {
      bound.reason = "stated for SGD without momentum or weight decay";
      return bound;
    }
    const Vector& lambda = model.spectrum();
    if (lambda.minCoeff() <= 0) {
      bound.reason = "stated for a minimum: H has an eigenvalue <= 0";
      return bound;
    }
    double quotient = 0;
    double p1 = 0;
    if (law.fresh_gaussian_rows()) {
      // N(xxᵀ) = (Hxxᵀ H + (xᵀHx) H)/B, so μ(x) = 1 + xᵀH³x / (xᵀHx ‖H‖_F²), smallest along the flattest direction.
      p1 = 1.0 / static_cast<double>(batch_size);
      const double flattest = lambda.minCoeff();
      quotient = p1 * (lambda.squaredNorm() + flattest * flattest);
    } else {
      const auto moment = law.second_moment(model.samples().samples, batch_size);
      p1 = moment.p1;
      if (p1 > 0) quotient = smallest_noise_quotient(model, moment.p1, moment.p2);
    }
    bound.status = BoundStatus::necessary;
    const double rounding = 1e-13 * p1 * lambda.squaredNorm();
    if (quotient <= rounding) {
      bound.vacuous = true;
      bound.reason = p1 > 0 ? "the alignment factor is 0: some direction feels no noise" : "no noise at full batch";
      return bound;
    }
    bound.eta = 1 / std::sqrt(quotient);
    bound.residual = 0.5 * rounding / quotient;
    bound.details.emplace_back("alignment_factor", quotient / (p1 * lambda.squaredNorm()));
    if (*bound.eta > 2 / lambda[0]) {
      bound.vacuous = true;
      bound.reason = "above the noise-free edge 2/lambda_max";
    }
    return bound;
  }
};

}  // namespace

std::unique_ptr<Criterion> make_frobenius_criterion() { return std::make_unique<Frobenius>(); }

}  // namespace brink
