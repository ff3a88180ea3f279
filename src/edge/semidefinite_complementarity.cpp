#include "brink/edge/semidefinite_complementarity.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"

namespace brink {

Vector to_half_vector(const Matrix& symmetric) {
  const Index k = symmetric.rows();
  Vector half(k * (k + 1) / 2);
  Index entry = 0;
  for (Index j = 0; j < k; ++j)
    for (Index i = j; i < k; ++i) half[entry++] = symmetric(i, j) * (i == j ? 1.0 : std::numbers::sqrt2);
  return half;
}

Matrix from_half_vector(const Vector& half) {
  const auto k = static_cast<Index>(std::lround((std::sqrt(8.0 * static_cast<double>(half.size()) + 1) - 1) / 2));
  check_argument(k * (k + 1) / 2 == half.size(), "from_half_vector", "size", half.size(), "k(k+1)/2");
  Matrix symmetric(k, k);
  Index entry = 0;
  for (Index j = 0; j < k; ++j)
    for (Index i = j; i < k; ++i)
      symmetric(i, j) = symmetric(j, i) = half[entry++] / (i == j ? 1.0 : std::numbers::sqrt2);
  return symmetric;
}

Matrix positive_part(const Matrix& symmetric) {
  const SymmetricEigen eigen = symmetric_eigen(symmetric);
  return eigen.vectors * eigen.values.cwiseMax(0.0).asDiagonal() * eigen.vectors.transpose();
}

ComplementaritySolution solve_complementarity(const Matrix& a, const Matrix& b, const Matrix& start,
                                              const ComplementarityOptions& options) {
  const Index k = a.rows();
  const Index m = k * (k + 1) / 2;
  check_argument(k >= 1 && a.cols() == k && b.rows() == m && b.cols() == m, "solve_complementarity", "order of b",
                 b.rows(), "k(k+1)/2 for a of order k");
  check_argument(a.allFinite() && b.allFinite(), "solve_complementarity", "a, b", "not finite", "finite numbers");
  check_argument(options.tolerance > 0, "solve_complementarity", "tolerance", options.tolerance, "> 0");
  const Vector spectrum = symmetric_eigenvalues(b);
  const double largest = spectrum[0];
  const double smallest = spectrum[m - 1];
  check_argument(smallest >= -1e-9 * std::abs(largest), "solve_complementarity", "smallest eigenvalue of b", smallest,
                 ">= 0");
  const Vector linear = to_half_vector(a);
  const double scale = linear.norm();

  ComplementaritySolution result;
  result.x = start.size() == 0 ? Matrix(Matrix::Zero(k, k)) : positive_part(start);
  check_argument(result.x.rows() == k, "solve_complementarity", "order of start", result.x.rows(), "that of a");
  if (scale == 0 || largest <= 0) {
    // 𝓑 = 0: X = 0 solves it when 𝒜 ⪰ 0, and nothing does otherwise.
    result.x.setZero();
    result.slack = a;
    const double low = symmetric_eigenvalues(a)[k - 1];
    result.infeasible = scale > 0 ? std::max(0.0, -low) / scale : 0;
    result.residual = result.infeasible;
    result.converged = result.infeasible <= options.tolerance;
    result.error_bound = result.converged ? 0 : std::numeric_limits<double>::infinity();
    return result;
  }

  const auto objective = [&](const Vector& x) { return 0.5 * x.dot(b * x) + linear.dot(x); };
  Vector x = to_half_vector(result.x);
  Vector ahead = x;
  double momentum = 1;
  double value = objective(x);
  for (;; ++result.iterations) {
    // At x itself, so that what is measured is what is returned.
    const Vector slack = linear + b * x;
    const Vector step = to_half_vector(positive_part(from_half_vector(x - slack / largest)));
    result.residual = largest * (x - step).norm() / scale;
    if (result.residual <= options.tolerance || result.iterations >= options.max_iterations) {
      result.slack = from_half_vector(slack);
      break;
    }
    Vector next =
        momentum == 1 ? step : to_half_vector(positive_part(from_half_vector(ahead - (linear + b * ahead) / largest)));
    double next_value = objective(next);
    if (next_value > value) {  // restart [O'Donoghue & Candès 2015]
      next = step;
      next_value = objective(next);
      momentum = 1;
    }
    const double faster = 0.5 * (1 + std::sqrt(1 + 4 * momentum * momentum));
    ahead = next + (momentum - 1) / faster * (next - x);
    momentum = faster;
    x = next;
    value = next_value;
  }
  result.x = from_half_vector(x);
  result.converged = result.residual <= options.tolerance;
  result.infeasible = std::max(0.0, -symmetric_eigenvalues(result.slack)[k - 1]) / scale;
  const double size = result.x.norm();
  result.gap = size > 0 ? std::abs(result.x.cwiseProduct(result.slack).sum()) / (scale * size) : 0;
  // r = X − (X − G/L)₊ and strong monotonicity μ: ‖X − X*‖ ≤ (1 + L/L)·(L/μ)‖r‖.
  result.error_bound =
      smallest > 1e-14 * largest ? 2 * result.residual * scale / smallest : std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace brink
