#include "brink/edge/predicted_dynamics.hpp"

#include "brink/base/error.hpp"

namespace brink {

PredictedState predicted_start(const Vector& displacement) { return {displacement, Vector::Zero(displacement.size())}; }

void predicted_step(const Objective<double>& objective, const ConstrainedPoint& at, const EdgeRule& rule,
                    PredictionKind kind, PredictedState& state) {
  const EdgePoint& edge = at.at;
  Vector& v = state.displacement;
  check_argument(v.size() == at.theta.size(), "predicted_step", "size of the displacement", v.size(),
                 "the number of parameters");
  const double x = edge.u.dot(v);
  const double y = edge.projected_gradient.dot(v);

  Vector force(v.size());
  objective.hessian_product(at.theta, objective.all(), v, force);
  if (kind == PredictionKind::generalized) {
    Vector on_line(v.size());
    objective.gradient(at.theta + x * edge.u, objective.all(), on_line);
    force += (edge.u.dot(on_line) - edge.u.dot(force)) * edge.u;
  }
  force += 0.5 * x * x * edge.projected_gradient + (x * y) * edge.u;
  state.buffer = rule.momentum * state.buffer + force;
  v -= rule.eta * state.buffer;
  // How the projection moves θ† back in a step; nothing where the constraint does not hold it.
  if (edge.alpha > 0) v += rule.effective_eta() * (edge.alpha / edge.beta) * edge.projected_gradient;
}

EdgeReading read_displacement(const ConstrainedPoint& at, const EdgeRule& rule, const Vector& displacement) {
  EdgeReading reading;
  reading.x = at.at.u.dot(displacement);
  reading.y = at.at.projected_gradient.dot(displacement);
  reading.sharpness = at.at.sharpness + reading.y + at.at.u.dot(at.at.sharpness_gradient) * reading.x;
  reading.loss = at.at.loss + 0.5 * rule.critical_sharpness() * reading.x * reading.x;
  return reading;
}

}  // namespace brink
