#pragma once
// A parabola through noisy points, and the set of zeros that the noise allows.

#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

struct NoisyPoint {
  double x = 0;
  double y = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;
};

/// Least squares with equal weights: the errors of neighbouring runs differ little, and weights taken from estimated
/// errors would make the result look better than it is. The covariance uses each point's own error.
class Parabola {
 public:
  /// At least three points with different x.
  explicit Parabola(const std::vector<NoisyPoint>& points);

  [[nodiscard]] double value(double x) const;
  [[nodiscard]] double slope(double x) const;
  [[nodiscard]] double standard_error(double x) const;
  /// Of standard_error(x), by Welch and Satterthwaite's rule.
  [[nodiscard]] double degrees_of_freedom(double x) const;
  /// Probability that points on a parabola scatter as much as these do (χ² of what a parabola cannot follow, by its
  /// covariance); 1 with three points.
  [[nodiscard]] double goodness_of_fit() const;
  /// √(χ² per degree of freedom), at least 1: by how much the points scatter more than their errors say.
  [[nodiscard]] double scatter() const;

 private:
  [[nodiscard]] Vector influence(double x) const;

  Eigen::Vector3d coefficients_;
  Matrix solve_;      ///< 3 × points: coefficients = solve · y
  Vector variances_;  ///< of the points
  Vector degrees_;
  double chi_squared_ = 0;
};

}  // namespace brink
