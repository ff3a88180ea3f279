#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/memory.hpp"
#include "brink/linalg/triangular_product.hpp"
#include "descent.hpp"

namespace brink {
namespace {

// The damping μ = σ·(largest diagonal of the smaller product)·(loss / loss at the start): σ falls after good steps and
// rises after bad ones.
constexpr double kFirstSigma = 1e-3;
constexpr double kSmallestSigma = 1e-10;
constexpr double kLargestSigma = 1e10;
constexpr double kSmallestDamping = 1e-15;  // of the largest diagonal: Cholesky needs a little
/// A gradient that falls by less than this in kSlowSteps accepted steps will be faster by Newton's method.
constexpr double kSlow = 0.1;
constexpr Index kSlowSteps = 20;

/// The smaller of AᵀA/n and AAᵀ/n, lower triangle.
void smaller_product(const RowMatrix& a, double samples, Matrix& product) {
  if (a.cols() <= a.rows()) {
    lower_of_transposed_product(a, a, product);
  } else {
    product.setZero(a.rows(), a.rows());
    product.selfadjointView<Eigen::Lower>().rankUpdate(a);
  }
  product /= samples;
}

}  // namespace

bool is_half_square(const RowMatrix& rows, const RowMatrix& residuals, const Vector& gradient) {
  const Eigen::Map<const Vector> r(residuals.data(), residuals.size());
  const Vector implied = rows.transpose() * r / static_cast<double>(residuals.rows());
  // Both sums cancel: round-off is relative to their terms.
  const double size = rows.norm() * r.norm() / static_cast<double>(residuals.rows());
  return (implied - gradient).norm() <= 1e-10 * size;
}

bool levenberg_marquardt(Descent& descent) {
  const auto* network = dynamic_cast<const NetworkObjective<double>*>(&descent.objective);
  if (network == nullptr) return false;
  const Index p = network->parameters();
  const Index rows_count = network->samples() * network->outputs();
  if (std::min(p, rows_count) > descent.options.dense_limit) return false;
  const auto numbers = static_cast<double>(rows_count) * static_cast<double>(p);
  if (8 * 2 * numbers > static_cast<double>(available_memory())) return false;

  const auto n = static_cast<double>(network->samples());
  const Batch all = network->all();
  const double first_loss = descent.loss;
  RowMatrix rows;
  RowMatrix residuals;
  Matrix product;
  Vector step;
  double sigma = kFirstSigma;
  double raise = 2;
  bool moved = true;
  std::vector<double> norms;
  for (Index i = 0; i < descent.options.max_iterations; ++i) {
    descent.monitor.check();
    if (descent.converged()) return true;
    if (moved) {
      network->gauss_newton_rows(descent.theta, all, rows);
      network->residuals(descent.theta, all, residuals);
      if (!is_half_square(rows, residuals, descent.gradient)) return i > 0;
      smaller_product(rows, n, product);
      norms.push_back(descent.gradient.norm());
      const auto count = static_cast<Index>(norms.size());
      if (count > kSlowSteps && norms.back() > kSlow * norms[static_cast<std::size_t>(count - 1 - kSlowSteps)])
        return true;
    }
    ++descent.iterations;
    const double largest = product.diagonal().maxCoeff();
    const double share = first_loss > 0 ? descent.loss / first_loss : 0;
    const double damping = std::max(sigma * std::min(share, 1.0), kSmallestDamping) * largest;
    Matrix damped = product;
    damped.diagonal().array() += damping;
    const Eigen::LLT<Matrix> factor(damped);
    moved = false;
    if (factor.info() == Eigen::Success) {
      const Eigen::Map<const Vector> r(residuals.data(), residuals.size());
      if (p <= rows_count) {
        step = -factor.solve(descent.gradient);
      } else {
        step.noalias() = rows.transpose() * factor.solve(r) * (-1 / n);
      }
      // Of the model ½‖r + Jδ‖²/n, without its damping.
      const Vector change = rows * step;
      const double predicted = -(change.dot(r) + 0.5 * change.squaredNorm()) / n;
      const double ratio = descent.try_step(step, predicted);
      moved = ratio > 0;
      if (ratio > kGoodRatio) sigma = std::max(sigma / 3, kSmallestSigma);
      if (moved) raise = 2;
      if (ratio > kFairRatio) continue;
    }
    sigma *= raise;
    raise *= 2;
    if (sigma > kLargestSigma) return true;
  }
  return true;
}

}  // namespace brink
