#include "brink/edge/constrained_trajectory.hpp"

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"

namespace brink {

ConstrainedPoint project_to_edge(const Objective<double>& objective, Vector theta, const EdgeRule& rule,
                                 const EdgePoint* previous, const ConstrainedOptions& options) {
  check_rule(rule);
  check_argument(options.projections >= 1, "project_to_edge", "projections", options.projections, ">= 1");
  const double critical = rule.critical_sharpness();
  ConstrainedPoint result;
  EdgePoint point;
  EdgePointOptions inner = options.point;
  inner.second = false;
  for (int i = 0; i < options.projections; ++i) {
    point = edge_point(objective, theta, previous, inner);
    previous = &point;
    if (!(point.sharpness > 0)) throw NotConverged("project_to_edge: the sharpness is not positive here");
    const double excess = std::max(0.0, point.sharpness - critical);
    if (excess > 0) {
      if (!(point.beta > 0)) throw NotConverged("project_to_edge: the sharpness does not depend on the parameters");
      theta -= (excess / point.beta) * point.projected_gradient;
    }
    theta -= (point.u.dot(point.gradient) / point.sharpness) * point.u;
  }
  result.at = edge_point(objective, theta, previous, options.point);
  result.theta = std::move(theta);
  result.sharpness_violation = std::max(0.0, result.at.sharpness - critical);
  result.gradient_violation = std::abs(result.at.u.dot(result.at.gradient));
  return result;
}

ConstrainedPoint constrained_step(const Objective<double>& objective, const ConstrainedPoint& point,
                                  const EdgeRule& rule, const ConstrainedOptions& options) {
  const Vector moved = point.moved.size() == 0 ? Vector(-rule.effective_eta() * point.at.gradient)
                                               : Vector(rule.momentum * point.moved - rule.eta * point.at.gradient);
  ConstrainedPoint next = project_to_edge(objective, point.theta + moved, rule, &point.at, options);
  next.moved = next.theta - point.theta;
  return next;
}

}  // namespace brink
