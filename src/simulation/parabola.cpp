#include "parabola.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "brink/statistics/intervals.hpp"

namespace brink {

Parabola::Parabola(const std::vector<NoisyPoint>& points) {
  const auto count = static_cast<Index>(points.size());
  Matrix design(count, 3);
  Vector y(count);
  variances_.resize(count);
  degrees_.resize(count);
  for (Index i = 0; i < count; ++i) {
    const NoisyPoint& point = points[static_cast<std::size_t>(i)];
    design.row(i) << 1, point.x, point.x * point.x;
    y[i] = point.y;
    variances_[i] = point.standard_error * point.standard_error;
    degrees_[i] = point.degrees_of_freedom;
  }
  const Eigen::Matrix3d normal = design.transpose() * design;
  solve_ = normal.inverse() * design.transpose();
  coefficients_ = solve_ * y;
  if (count > 3) {
    // What no parabola can follow: the misfit of the one that weights every point by its own error.
    const Vector weights = variances_.cwiseInverse();
    const Eigen::Matrix3d weighted = design.transpose() * weights.asDiagonal() * design;
    const Eigen::Vector3d best = weighted.inverse() * (design.transpose() * weights.cwiseProduct(y));
    chi_squared_ = (y - design * best).cwiseAbs2().dot(weights);
  }
}

double Parabola::value(double x) const { return coefficients_[0] + x * (coefficients_[1] + x * coefficients_[2]); }

double Parabola::slope(double x) const { return coefficients_[1] + 2 * x * coefficients_[2]; }

Vector Parabola::influence(double x) const { return solve_.transpose() * Eigen::Vector3d(1, x, x * x); }

double Parabola::standard_error(double x) const { return std::sqrt(influence(x).cwiseAbs2().dot(variances_)); }

double Parabola::degrees_of_freedom(double x) const {
  const Vector parts = influence(x).cwiseAbs2().cwiseProduct(variances_);
  return parts.sum() * parts.sum() / parts.cwiseAbs2().cwiseQuotient(degrees_).sum();
}

double Parabola::goodness_of_fit() const {
  const auto freedom = static_cast<double>(variances_.size() - 3);
  return freedom > 0 ? chi_squared_p(chi_squared_, freedom) : 1;
}

double Parabola::scatter() const {
  const auto freedom = static_cast<double>(variances_.size() - 3);
  return freedom > 0 ? std::sqrt(std::max(1.0, chi_squared_ / freedom)) : 1;
}

}  // namespace brink
