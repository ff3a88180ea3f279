// What is known of a point that is said to be a minimum.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/linalg/triangular_product.hpp"
#include "brink/network/gauss_newton.hpp"
#include "descent.hpp"

namespace brink {
namespace {

constexpr double kInterpolates = 1e-8;
constexpr double kNegative = 1e-8;
constexpr double kLanczosTolerance = 1e-8;
constexpr Index kLanczosProducts = 2000;

Matrix dense_hessian(const Objective<double>& objective, const Vector& theta) {
  const Index p = theta.size();
  Matrix hessian(p, p);
  Vector column(p);
  for (Index i = 0; i < p; ++i) {
    objective.hessian_product(theta, objective.all(), Vector::Unit(p, i), column);
    hessian.col(i) = column;
  }
  return (0.5 * (hessian + hessian.transpose())).eval();
}

TopEigenResult extreme_eigenpair(const Objective<double>& objective, const Vector& theta, double sign) {
  SymmetricOperator op;
  op.dimension = theta.size();
  op.apply = [&](const Vector& x, Vector& y) {
    y.resize(x.size());
    objective.hessian_product(theta, objective.all(), x, y);
    y *= sign;
  };
  TopEigenOptions options;
  options.tolerance = kLanczosTolerance;
  options.max_products = kLanczosProducts;
  TopEigenResult result = top_eigenpair(op, options);
  result.value *= sign;
  return result;
}

void count_range(const Vector& values, double cut, MinimumCertificate& certificate) {
  certificate.rank_cut = cut;
  certificate.rank = 0;
  for (Index i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) <= cut) continue;
    ++*certificate.rank;
    if (!certificate.smallest_on_range || values[i] < *certificate.smallest_on_range)
      certificate.smallest_on_range = values[i];
  }
}

double sample_gradient(const Objective<double>& objective, const Vector& theta) {
  Vector gradient(theta.size());
  double sum = 0;
  const Index n = objective.samples();
  for (Index k = 0; k < n; ++k) {
    const std::uint32_t sample = static_cast<std::uint32_t>(k);
    objective.gradient(theta, Batch{{&sample, 1}, 1.0}, gradient);
    sum += gradient.squaredNorm();
  }
  return std::sqrt(sum / static_cast<double>(n));
}

/// Of JᵀJ/n or JJᵀ/n, the smaller. At a minimum that interpolates these are the eigenvalues of the Hessian, and the
/// products of its rows know better which are zero than sums of second derivatives do. Empty where it does not apply.
Vector gauss_newton_eigenvalues(const Objective<double>& objective, const Vector& theta, Index limit) {
  const auto* network = dynamic_cast<const NetworkObjective<double>*>(&objective);
  if (network == nullptr) return {};
  const Index rows_count = network->samples() * network->outputs();
  const Index p = network->parameters();
  if (std::min(rows_count, p) > limit) return {};
  if (16.0 * static_cast<double>(rows_count) * static_cast<double>(p) > static_cast<double>(available_memory()))
    return {};
  Matrix product;
  if (p <= rows_count) {
    const RowMatrix rows = gauss_newton_rows(*network, theta, network->all());
    lower_of_transposed_product(rows, rows, product);
  } else {
    product = gauss_newton_gram(*network, theta, network->all());
  }
  return symmetric_eigenvalues(product / static_cast<double>(network->samples()));
}

}  // namespace

MinimumCertificate certify_minimum(const Objective<double>& objective, const Vector& theta,
                                   const MinimumOptions& options) {
  const Index p = objective.parameters();
  check_argument(theta.size() == p, "certify_minimum", "length of theta", theta.size(),
                 fmt::format("the {} parameters", p));
  MinimumCertificate certificate;
  Vector gradient(p);
  certificate.loss = objective.gradient(theta, objective.all(), gradient);
  certificate.gradient_norm = gradient.norm();
  check_argument(std::isfinite(certificate.loss) && gradient.allFinite(), "certify_minimum", "loss", certificate.loss,
                 "a point whose loss and gradient are finite");
  certificate.sample_gradient = sample_gradient(objective, theta);

  Vector eigenvalues;
  if (p <= options.dense_limit) {
    eigenvalues = symmetric_eigenvalues(dense_hessian(objective, theta));
    certificate.eigenvalue_method = "dense";
    certificate.lambda_max = eigenvalues[0];
    certificate.smallest_eigenvalue = eigenvalues[p - 1];
    const double largest = std::max(std::abs(eigenvalues[0]), std::abs(eigenvalues[p - 1]));
    certificate.lambda_max_residual = static_cast<double>(p) * std::numeric_limits<double>::epsilon() * largest;
    certificate.smallest_eigenvalue_residual = certificate.lambda_max_residual;
  } else {
    certificate.eigenvalue_method = "lanczos";
    const TopEigenResult top = extreme_eigenpair(objective, theta, 1);
    const TopEigenResult bottom = extreme_eigenpair(objective, theta, -1);
    certificate.lambda_max = top.value;
    certificate.lambda_max_residual = top.residual;
    certificate.smallest_eigenvalue = bottom.value;
    certificate.smallest_eigenvalue_residual = bottom.residual;
  }
  certificate.gradient_scale = std::abs(certificate.lambda_max) * std::max(theta.norm(), options.length);
  certificate.interpolates = certificate.sample_gradient <= kInterpolates * certificate.gradient_scale;
  certificate.is_minimum = certificate.smallest_eigenvalue >=
                           -(certificate.smallest_eigenvalue_residual + kNegative * std::abs(certificate.lambda_max));

  if (certificate.interpolates) {
    const Vector values = gauss_newton_eigenvalues(objective, theta, options.dense_limit);
    if (values.size() > 0) eigenvalues = values;
  }
  if (eigenvalues.size() > 0) {
    const double cut = static_cast<double>(eigenvalues.size()) * std::numeric_limits<double>::epsilon() *
                       eigenvalues.cwiseAbs().maxCoeff();
    count_range(eigenvalues, cut, certificate);
  }
  return certificate;
}

}  // namespace brink
