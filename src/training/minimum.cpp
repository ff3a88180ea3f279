#include "brink/training/minimum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "descent.hpp"

namespace brink {
namespace {

constexpr double kFairShare = 1e-4;  // of the predicted decrease
constexpr double kRoundOff = 1e-10;  // of the loss: a prediction below this says nothing about the loss

/// λ_max to two digits, as a unit of gradients.
double rough_curvature(const Objective<double>& objective, const Vector& theta) {
  SymmetricOperator hessian;
  hessian.dimension = objective.parameters();
  hessian.apply = [&](const Vector& x, Vector& y) {
    y.resize(x.size());
    objective.hessian_product(theta, objective.all(), x, y);
  };
  TopEigenOptions options;
  options.tolerance = 1e-2;
  options.max_products = 200;
  const TopEigenResult top = top_eigenpair(hessian, options);
  return std::abs(top.value);
}

}  // namespace

double Descent::try_step(const Vector& step, double predicted) {
  if (!(predicted > 0) || !step.allFinite()) return -1;
  const Vector candidate = theta + step;
  Vector new_gradient(theta.size());
  const double new_loss = objective.gradient(candidate, objective.all(), new_gradient);
  if (!std::isfinite(new_loss) || !new_gradient.allFinite()) return -1;
  double ratio = (loss - new_loss) / predicted;
  if (predicted <= kRoundOff * std::abs(loss)) {
    const bool higher = new_loss > loss + std::numeric_limits<double>::epsilon() * 64 * std::abs(loss);
    ratio = !higher && new_gradient.norm() < gradient.norm() ? 1 : -1;
  }
  if (!(ratio > kFairShare)) return std::min(ratio, 0.0);
  const double length = std::max(theta.norm(), options.length);
  last_step = length > 0 ? step.norm() / length : 0;
  theta = candidate;
  gradient = new_gradient;
  loss = new_loss;
  return ratio;
}

Minimum find_minimum(const Objective<double>& objective, const Vector& start, const MinimumOptions& given,
                     const Monitor& monitor) {
  constexpr std::string_view function = "find_minimum";
  check_argument(start.size() == objective.parameters(), function, "length of start", start.size(),
                 fmt::format("the {} parameters", objective.parameters()));
  check_argument(start.allFinite(), function, "start", "not finite", "finite numbers");
  MinimumOptions options = given;
  options.length = std::max(given.length, start.norm());
  Descent descent{objective, options, monitor, 0, start, Vector(start.size())};
  descent.loss = objective.gradient(start, objective.all(), descent.gradient);
  check_argument(std::isfinite(descent.loss) && descent.gradient.allFinite(), function, "loss at the start",
                 descent.loss, "a start whose loss and gradient are finite");
  descent.curvature = rough_curvature(objective, start);

  Minimum minimum;
  if (!descent.converged()) {
    if (levenberg_marquardt(descent)) minimum.method = "levenberg-marquardt";
    if (!descent.converged()) {
      minimum.method += minimum.method.empty() ? "newton-cg" : ", newton-cg";
      newton_cg(descent);
    }
  } else {
    minimum.method = "none";
  }
  minimum.theta = descent.theta;
  minimum.iterations = descent.iterations;
  minimum.products = descent.products;
  minimum.certificate = certify_minimum(objective, minimum.theta, options);
  const MinimumCertificate& certificate = minimum.certificate;
  minimum.converged = certificate.gradient_norm <= options.gradient_tolerance * certificate.gradient_scale ||
                      certificate.gradient_norm == 0;
  if (!minimum.converged) {
    minimum.advice = fmt::format(
        "the gradient norm {:.3g} is above {:.3g} times λ_max ‖θ‖ = {:.3g}: start nearer to the minimum, allow more "
        "iterations, or accept a larger gradient_tolerance; a loss without a minimum at finite parameters (separable "
        "classes under cross-entropy, unless label_smoothing is given) has none to find",
        certificate.gradient_norm, options.gradient_tolerance, certificate.gradient_scale);
  } else if (!certificate.is_minimum) {
    minimum.advice = "the Hessian has a negative eigenvalue: this is a saddle point; start elsewhere";
  }
  return minimum;
}

}  // namespace brink
