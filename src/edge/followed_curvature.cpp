#include "followed_curvature.hpp"

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"

namespace brink {

TopCurvature followed_curvature(const Objective<double>& objective, const Vector& theta, const Vector& start,
                                double tolerance) {
  check_argument(start.size() == theta.size(), "followed_curvature", "size of the start", start.size(),
                 "the number of parameters");
  const Index most = std::min<Index>(20, theta.size());
  HessianOperator<double> hessian(objective, theta, objective.all());
  Matrix basis(theta.size(), most);
  Matrix tridiagonal = Matrix::Zero(most, most);
  Vector next(theta.size());
  basis.col(0) = start.normalized();
  for (Index j = 0; j < most; ++j) {
    hessian.apply(basis.col(j), next);
    if (!next.allFinite()) break;
    tridiagonal(j, j) = basis.col(j).dot(next);
    for (int pass = 0; pass < 2; ++pass) next -= basis.leftCols(j + 1) * (basis.leftCols(j + 1).transpose() * next);
    const double beta = next.norm();
    const SymmetricEigen ritz = symmetric_eigen(tridiagonal.topLeftCorner(j + 1, j + 1));
    const double residual = beta * std::abs(ritz.vectors(j, 0));
    if (residual < tolerance * std::abs(ritz.values[0])) {
      TopCurvature result;
      result.values = {{ritz.values[0], residual, ErrorKind::residual, "Lanczos from the step before", {}}};
      result.vectors = {basis.leftCols(j + 1) * ritz.vectors.col(0)};
      result.cost.hessian_products = static_cast<double>(hessian.products());
      return result;
    }
    if (j + 1 == most || !(beta > 0)) break;
    tridiagonal(j + 1, j) = tridiagonal(j, j + 1) = beta;
    basis.col(j + 1) = next / beta;
  }
  return top_curvature(objective, theta, objective.all(), 1, {start}, tolerance);
}

}  // namespace brink
