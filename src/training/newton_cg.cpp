#include <algorithm>
#include <cmath>
#include <limits>

#include "descent.hpp"

namespace brink {
namespace {

constexpr double kFirstRadius = 0.1;       // of max(‖θ‖, 1e-3)
constexpr double kSmallestRadius = 1e-16;  // of the same
constexpr double kLargestForcing = 0.5;    // of the residual of conjugate gradients, and falling with the gradient

/// τ ≥ 0 with ‖s + τd‖ = radius.
double to_boundary(const Vector& s, const Vector& d, double radius) {
  const double a = d.squaredNorm();
  const double b = s.dot(d);
  const double c = s.squaredNorm() - radius * radius;
  return (-b + std::sqrt(std::max(b * b - a * c, 0.0))) / a;
}

struct InnerResult {
  Vector step;
  double predicted = 0;
  bool at_boundary = false;
};

/// min gᵀs + ½sᵀHs over ‖s‖ ≤ radius, approximately.
InnerResult conjugate_gradients(Descent& descent, double radius, double wanted) {
  const Objective<double>& objective = descent.objective;
  const Batch all = objective.all();
  const Index p = objective.parameters();
  const Index most = std::min(2 * p + 10, descent.options.max_products - descent.products);
  InnerResult inner{Vector::Zero(p)};
  Vector residual = descent.gradient;  // g + Hs
  Vector direction = -residual;
  Vector bent(p);
  Vector curved = Vector::Zero(p);  // Hs
  double square = residual.squaredNorm();
  const auto finish = [&] {
    inner.predicted = -(descent.gradient.dot(inner.step) + 0.5 * inner.step.dot(curved));
    return inner;
  };
  for (Index i = 0; i < most; ++i) {
    descent.monitor.check();
    objective.hessian_product(descent.theta, all, direction, bent);
    ++descent.products;
    const double curvature = direction.dot(bent);
    double length = curvature > 0 ? square / curvature : std::numeric_limits<double>::infinity();
    if (!(length < std::numeric_limits<double>::infinity()) || (inner.step + length * direction).norm() >= radius) {
      length = to_boundary(inner.step, direction, radius);
      inner.at_boundary = true;
    }
    inner.step += length * direction;
    curved += length * bent;
    if (inner.at_boundary) return finish();
    residual += length * bent;
    const double next = residual.squaredNorm();
    if (std::sqrt(next) <= wanted) return finish();
    direction = -residual + (next / square) * direction;
    square = next;
  }
  return finish();
}

}  // namespace

void newton_cg(Descent& descent) {
  const double unit = std::max(descent.theta.norm(), 1e-3);
  double radius = kFirstRadius * unit;
  const double first = descent.gradient.norm();
  for (Index i = 0; i < descent.options.max_iterations; ++i) {
    descent.monitor.check();
    const double norm = descent.gradient.norm();
    if (norm == 0 || descent.converged() || descent.products >= descent.options.max_products) return;
    const double forcing = std::min(kLargestForcing, std::sqrt(norm / first));
    const InnerResult inner = conjugate_gradients(descent, radius, forcing * norm);
    ++descent.iterations;
    const double ratio = descent.try_step(inner.step, inner.predicted);
    if (ratio > kGoodRatio && inner.at_boundary) radius *= 2;
    if (!(ratio > kFairRatio)) radius = 0.25 * std::min(radius, inner.step.norm());
    if (radius < kSmallestRadius * unit) return;
  }
}

}  // namespace brink
