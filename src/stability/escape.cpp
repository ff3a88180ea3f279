#include "brink/stability/escape.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/stability/noise_operator.hpp"
#include "criteria/builtin_criteria.hpp"

namespace brink {

LossStep loss_step(const LinearizedModel& model, const BatchLaw& law, Index batch_size, double eta,
                   const Matrix& covariance) {
  const Vector& lambda = model.spectrum();
  check_argument(covariance.rows() == model.rank() && covariance.cols() == model.rank(), "loss_step",
                 "covariance dimension", covariance.rows(), "the rank of the model");
  const NoiseOperator noise(model, law, batch_size);
  Matrix mean(model.rank(), model.rank());
  noise.mean_product(covariance, mean);
  const Vector x = covariance.diagonal();
  const auto l = lambda.array();
  LossStep step;
  step.contraction = 0.5 * (l * (1 - eta * l).square() * x.array()).sum();
  // η by η, as third powers of curvatures may not be representable.
  const Vector scaled = eta * lambda;
  const double drawn = scaled.dot(eta * mean.diagonal());
  step.noise = 0.5 * (noise.p1() * drawn - noise.p2() * (l * scaled.array().square() * x.array()).sum());
  return step;
}

std::optional<double> EscapeBound::log_growth(double at) const {
  if (!eta) return std::nullopt;
  return 2 * std::log(at / *eta);
}

EscapeBound escape_bound(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law, Index batch_size) {
  const Bound bound = make_frobenius_criterion()->evaluate(model, rule, law, batch_size);
  EscapeBound escape;
  escape.eta = bound.eta;
  escape.residual = bound.residual;
  escape.reason = bound.reason;
  for (const auto& [name, value] : bound.details) {
    if (name == "smallest_mu") escape.smallest_mu = value;
  }
  return escape;
}

}  // namespace brink
