#include "brink/stability/closed_form.hpp"

#include <utility>

#include "brink/base/error.hpp"
#include "brink/stability/noise_pencil.hpp"

namespace brink {
namespace {

/// The factor by which the rule stretches the step of heavy ball: η_heavy-ball = factor · η.
double heavy_ball_step_factor(const UpdateRule& rule) {
  if (rule.name() == "sgd" || rule.name() == "heavy-ball") return 1;
  if (rule.name() == "dampened") return 1 - rule.parameters().dampening;
  if (rule.name() == "ema") return 1 - rule.momentum();
  fail_argument("closed_form_threshold", "rule", rule.name(), "one of sgd, heavy-ball, dampened, ema");
}

}  // namespace

MeanSquareThreshold closed_form_threshold(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                          Index batch_size) {
  const double factor = heavy_ball_step_factor(rule);
  const double beta = rule.momentum();
  const Vector& lambda = model.spectrum();
  const Vector curvature = lambda.array() + rule.weight_decay();
  const Index r = lambda.size();
  MeanSquareThreshold result;
  result.method = "closed form, Lanczos on symmetric matrices";
  if (curvature.minCoeff() <= 0) {
    result.warnings.emplace_back("H has an eigenvalue <= 0 in the span of the samples: no step size is stable");
    return result;
  }
  result.eta_deterministic = 2 * (1 + beta) / (curvature.maxCoeff() * factor);

  // C^{-1} D; D is p1 ⟨H_k X H_k⟩ and a part that is diagonal in (i, j).
  const NoiseOperator noise(model, law, batch_size);
  const double same = (1 + beta * beta) / (1 - beta * beta);
  const double other = beta / (1 - beta * beta);
  Matrix diagonal(r, r);
  for (Index j = 0; j < r; ++j) {
    for (Index i = j; i < r; ++i) {
      diagonal(i, j) = -noise.p2() * lambda[i] * lambda[j] + same * curvature[i] * curvature[j] -
                       other * (curvature[i] * curvature[i] + curvature[j] * curvature[j]);
    }
  }
  NoisePencilTop top = noise_pencil_top(noise, noise.p1(), diagonal, curvature);
  result.eta = 2 * (1 - beta) / (top.value * factor);
  result.residual = top.residual;
  result.products = top.products;
  result.critical_mode = std::move(top.mode);
  return result;
}

}  // namespace brink
