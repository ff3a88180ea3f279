#include "brink/stability/closed_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "brink/stability/sample_products.hpp"

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
  const Eigen::ArrayXd curvature = lambda.array() + rule.weight_decay();
  const Index r = lambda.size();
  MeanSquareThreshold result;
  result.method = "closed form, Lanczos on symmetric matrices";
  if ((curvature <= 0).any()) {
    result.warnings.emplace_back("H has an eigenvalue <= 0 in the span of the samples: no step size is stable");
    return result;
  }
  result.eta_deterministic = 2 * (1 + beta) / (curvature.maxCoeff() * factor);

  const bool gaussian = law.fresh_gaussian_rows();
  double p1 = 0;
  double p2 = 0;
  if (gaussian) {
    check_argument(batch_size >= 1, "closed_form_threshold", "batch size", batch_size, "an integer >= 1");
    p1 = 1.0 / static_cast<double>(batch_size);
    p2 = -p1;
  } else {
    const auto moment = law.second_moment(model.samples().samples, batch_size);
    p1 = moment.p1;
    p2 = moment.p2;
  }

  // C^{-1/2} D C^{-1/2}: symmetric with the same spectrum as C⁻¹ D. The noise-free part is a diagonal in (i, j).
  const double same = (1 + beta * beta) / (1 - beta * beta);
  const double other = beta / (1 - beta * beta);
  Matrix root_weight(r, r);
  Matrix diagonal(r, r);
  for (Index j = 0; j < r; ++j) {
    for (Index i = j; i < r; ++i) {
      const double c = 0.5 * (curvature[i] + curvature[j]);
      root_weight(i, j) = 1 / std::sqrt(c);
      diagonal(i, j) = (-p2 * lambda[i] * lambda[j] + same * curvature[i] * curvature[j] -
                        other * (curvature[i] * curvature[i] + curvature[j] * curvature[j])) /
                       c;
    }
  }
  std::optional<SampleProducts> products;
  if (!gaussian) products.emplace(model);
  Matrix x = Matrix::Zero(r, r);
  Matrix weighted = Matrix::Zero(r, r);
  Matrix spread = Matrix::Zero(r, r);
  RowMatrix q;
  SymmetricOperator op;
  op.dimension = r * (r + 1) / 2;
  op.apply = [&](const Vector& packed, Vector& image) {
    unpack_symmetric(packed, x);
    weighted = x.cwiseProduct(root_weight);
    if (gaussian) {
      spread.setZero();
      spread.diagonal() = lambda.dot(weighted.diagonal()) * p1 * lambda;
    } else {
      products->gather(weighted, q);
      products->spread(q, spread);
      spread *= p1 / static_cast<double>(model.samples().samples);
    }
    spread = spread.cwiseProduct(root_weight) + diagonal.cwiseProduct(x);
    pack_symmetric(spread, image);
    ++result.products;
  };
  Vector start(op.dimension);
  x.setIdentity();
  pack_symmetric(x, start);
  TopEigenOptions options;
  options.tolerance = 1e-12;
  const TopEigenResult top = top_eigenpair(op, options, start);
  // The operator is symmetric: the eigenvalue is right to the square of the residual, and rounding may keep the
  // residual of a spectrum over many decades from the tolerance.
  if (!top.converged && !(top.residual < 1e-9 * top.value)) {
    throw NotConverged(fmt::format("closed_form_threshold: Lanczos reached a residual of {:.2g} at eigenvalue {:.6g}",
                                   top.residual, top.value));
  }
  result.eta = 2 * (1 - beta) / (top.value * factor);
  result.residual = top.residual / top.value;
  unpack_symmetric(top.vector, x);
  x = x.cwiseProduct(root_weight).eval();
  mirror_lower(x);
  result.critical_mode = x / x.trace();
  return result;
}

}  // namespace brink
