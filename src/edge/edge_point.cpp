#include "brink/edge/edge_point.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "followed_curvature.hpp"

namespace brink {

void check_rule(const EdgeRule& rule) {
  check_argument(rule.eta > 0 && std::isfinite(rule.eta), "edge", "eta", rule.eta, "a number > 0");
  check_argument(rule.momentum >= 0 && rule.momentum < 1, "edge", "momentum", rule.momentum, "a number in [0, 1)");
}

double EdgePoint::delta() const {
  check_argument(alpha > 0, "edge_point", "alpha", alpha, "> 0 (the loss must raise the sharpness)");
  check_argument(beta > 0, "edge_point", "beta", beta, "> 0 (the sharpness must depend on the parameters)");
  return std::sqrt(2 * alpha / beta);
}

double EdgePoint::epsilon(const EdgeRule& rule) const {
  check_argument(alpha >= 0, "edge_point", "alpha", alpha, ">= 0 (the loss must raise the sharpness)");
  return rule.effective_eta() * std::sqrt(alpha);
}

double EdgePoint::alignment() const {
  const double scale = gradient.norm() * std::sqrt(beta);
  return scale > 0 ? alpha / scale : 0;
}

EdgePoint edge_point(const Objective<double>& objective, const Vector& theta, const EdgePoint* previous,
                     const EdgePointOptions& options) {
  const Index p = objective.parameters();
  check_argument(theta.size() == p, "edge_point", "size of theta", theta.size(),
                 fmt::format("{}, the number of parameters", p));
  EdgePoint point;
  point.gradient.resize(p);
  point.loss = objective.gradient(theta, objective.all(), point.gradient);
  if (!std::isfinite(point.loss)) throw NotConverged("edge_point: the loss is not finite here");

  std::vector<Vector> starts;
  if (previous != nullptr) {
    starts.push_back(previous->u);
    if (previous->second_vector.size() == p) starts.push_back(previous->second_vector);
  }
  const Index count = options.second && p > 1 ? 2 : 1;
  const bool follow = options.follow && count == 1 && previous != nullptr;
  const TopCurvature top = follow ? followed_curvature(objective, theta, previous->u, options.tolerance)
                                  : top_curvature(objective, theta, objective.all(), count, starts, options.tolerance);
  for (const auto& warning : top.values[0].warnings)
    throw NotConverged("edge_point: sharpness: " + warning + "; raise the tolerance");
  point.sharpness = top.values[0].value;
  point.sharpness_error = top.values[0].error;
  point.u = top.vectors[0];
  if (previous != nullptr && previous->u.dot(point.u) < 0) point.u = -point.u;
  point.second = -std::numeric_limits<double>::infinity();
  if (count == 2) {
    point.second = top.values[1].value;
    point.second_vector = top.vectors[1];
  } else if (previous != nullptr) {
    point.second = previous->second;
    point.second_vector = previous->second_vector;
  }

  point.sharpness_gradient.resize(p);
  objective.third_derivative(theta, objective.all(), point.u, point.sharpness_gradient);
  point.projected_gradient = point.sharpness_gradient - point.u.dot(point.sharpness_gradient) * point.u;
  point.alpha = -point.gradient.dot(point.projected_gradient);
  point.beta = point.projected_gradient.squaredNorm();
  return point;
}

EdgeAssumptions check_assumptions(const Objective<double>& objective, const Vector& theta, const EdgePoint& point,
                                  const EdgeRule& rule) {
  check_rule(rule);
  EdgeAssumptions result;
  result.misalignment = 1 - point.alignment();
  result.second_ratio = point.second / rule.critical_sharpness();
  result.step_size = point.epsilon(rule);
  const auto fourth = [&](double h) {
    Vector above(theta.size());
    Vector below(theta.size());
    objective.third_derivative(theta + h * point.u, objective.all(), point.u, above);
    objective.third_derivative(theta - h * point.u, objective.all(), point.u, below);
    return ((above - below) / (2 * h)).norm() / (rule.eta * point.beta);
  };
  const double delta = point.delta();
  result.fourth_derivative = fourth(delta / 2);
  result.fourth_error = std::abs(fourth(delta) - result.fourth_derivative);
  return result;
}

}  // namespace brink
