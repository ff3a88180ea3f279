#include "brink/edge/self_stabilization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/training/training_rule.hpp"
#include "followed_curvature.hpp"

namespace brink {
namespace {

/// Heavy ball on all samples.
class Descent {
 public:
  Descent(const Objective<double>& objective, const EdgeRule& rule, Vector theta)
      : objective_(&objective), rule_(rule), theta_(std::move(theta)), buffer_(Vector::Zero(theta_.size())) {}

  /// θ as if the slow drift had long been steady, and the displacement `x` along u oscillated with period 2.
  void settle(const EdgePoint& at, double x) {
    if (rule_.momentum == 0) return;
    buffer_ = at.gradient / (1 - rule_.momentum) - (2 * x / rule_.eta) * at.u;
  }

  void step() {
    gradient_.resize(theta_.size());
    objective_->gradient(theta_, objective_->all(), gradient_);
    buffer_ = rule_.momentum * buffer_ + gradient_;
    theta_ -= rule_.eta * buffer_;
  }
  [[nodiscard]] const Vector& theta() const { return theta_; }

 private:
  const Objective<double>* objective_;
  EdgeRule rule_;
  Vector theta_, buffer_, gradient_;
};

class Flow {
 public:
  Flow(const Objective<double>& objective, const Vector& theta)
      : objective_(objective),
        rule_(make_training_rule<double>("gradient-flow", {})),
        state_(initial_state(*rule_, theta)) {}

  void step(double time) {
    const GradientAt<double> at = [this](const Vector& theta, Vector& out) {
      return objective_.gradient(theta, objective_.all(), out);
    };
    Vector gradient(state_.theta.size());
    at(state_.theta, gradient);
    rule_->step(time, gradient, at, state_);
  }
  [[nodiscard]] const Vector& theta() const { return state_.theta; }

 private:
  const Objective<double>& objective_;
  std::unique_ptr<TrainingRule<double>> rule_;
  RuleState<double> state_;
};

void check_plan(const SelfStabilizationPlan& plan) {
  check_rule(plan.rule);
  check_argument(plan.steps >= 1, "self_stabilization", "steps", plan.steps, ">= 1");
  check_argument(plan.second_every >= 1, "self_stabilization", "second_every", plan.second_every, ">= 1");
  check_argument(plan.kick > 0 && plan.kick < 1, "self_stabilization", "kick", plan.kick, "a number in (0, 1)");
}

}  // namespace

std::string_view to_string(SelfStabilizationStatus status) {
  switch (status) {
    case SelfStabilizationStatus::steps_done:
      return "steps-done";
    case SelfStabilizationStatus::second_direction:
      return "second-direction";
    case SelfStabilizationStatus::no_sharpening:
      return "no-sharpening";
    case SelfStabilizationStatus::left_constraint:
      return "left-constraint";
    case SelfStabilizationStatus::diverged:
      return "diverged";
    case SelfStabilizationStatus::prediction_diverged:
      break;
  }
  return "prediction-diverged";
}

EdgeArrival run_to_edge(const Objective<double>& objective, Vector theta, const EdgeRule& rule, Index limit,
                        const Monitor& monitor) {
  check_rule(rule);
  Descent descent(objective, rule, std::move(theta));
  Descent before = descent;  // at the last measurement
  std::vector<Vector> starts;
  double sharpness = 0;
  bool every_step = false;
  for (Index step = 0, last = 0; step <= limit;) {
    monitor.check();
    // Loose: whether it is past the edge is all that is asked.
    const TopCurvature top = top_curvature(objective, descent.theta(), objective.all(), 1, starts, 1e-5);
    if (!std::isfinite(top.values[0].value)) break;
    starts = top.vectors;
    sharpness = top.values[0].value;
    if (sharpness >= rule.critical_sharpness()) {
      if (step <= last + 1) return {descent.theta(), step};
      // Somewhere since the last measurement: again from there, step by step.
      descent = before;
      step = last;
      every_step = true;
    }
    before = descent;
    last = step;
    // Far below the edge the sharpness is asked less often.
    const double below = 1 - sharpness / rule.critical_sharpness();
    const Index stride = every_step ? 1 : std::clamp<Index>(static_cast<Index>(2000 * below), 1, 100);
    for (Index i = 0; i < stride; ++i) descent.step();
    step += stride;
  }
  throw NotConverged(fmt::format("run_to_edge: after {} steps the sharpness is {:.4g}, below the edge {:.4g}", limit,
                                 sharpness, rule.critical_sharpness()));
}

SelfStabilization self_stabilization(const Objective<double>& objective, const Vector& at_edge,
                                     const SelfStabilizationPlan& plan, const Monitor& monitor) {
  check_plan(plan);
  const double critical = plan.rule.critical_sharpness();
  SelfStabilization run;
  ConstrainedPoint constrained = project_to_edge(objective, at_edge, plan.rule, nullptr, plan.constrained);
  run.assumptions = check_assumptions(objective, constrained.theta, constrained.at, plan.rule);

  const double x0 = plan.kick * constrained.at.delta();
  const Vector kick = x0 * constrained.at.u;
  const Vector origin = constrained.theta + kick;
  Descent descent(objective, plan.rule, origin);
  descent.settle(constrained.at, x0);
  Flow flow(objective, constrained.theta);
  PredictedState plain = predicted_start(kick);
  if (plan.rule.momentum > 0) plain.buffer = -(2 * x0 / plan.rule.eta) * constrained.at.u;
  PredictedState generalized = plain;
  std::vector<Vector> starts = {constrained.at.u};

  for (Index t = 0; t <= plan.steps; ++t) {
    monitor.check();
    monitor.report(static_cast<double>(t) / static_cast<double>(plan.steps));
    const EdgePoint& edge = constrained.at;
    SelfStabilizationStep record;
    record.step = t;
    record.loss = objective.loss(descent.theta(), objective.all());
    if (!std::isfinite(record.loss)) {
      run.status = SelfStabilizationStatus::diverged;
      run.reason = fmt::format("the loss is not finite at step {}", t);
      break;
    }
    const bool confirm = !plan.constrained.point.follow || t % plan.second_every == 0;
    const double tolerance = std::max(1e-6, plan.constrained.point.tolerance);
    const TopCurvature top = confirm ? top_curvature(objective, descent.theta(), objective.all(), 1, starts, tolerance)
                                     : followed_curvature(objective, descent.theta(), starts.front(), tolerance);
    starts = top.vectors;
    record.sharpness = top.values[0].value;
    record.sharpness_error = top.values[0].error;
    const Vector away = descent.theta() - constrained.theta;
    record.x = edge.u.dot(away);
    record.y = edge.projected_gradient.dot(away);
    record.distance = away.norm();
    record.constrained_loss = edge.loss;
    record.constrained_sharpness = edge.sharpness;
    record.alpha = edge.alpha;
    record.beta = edge.beta;
    if (edge.alpha > 0) {
      record.delta = edge.delta();
      record.epsilon = edge.epsilon(plan.rule);
    }
    record.second = edge.second;
    record.alignment = edge.alignment();
    record.sharpness_violation = constrained.sharpness_violation;
    record.gradient_violation = constrained.gradient_violation;
    record.plain = read_displacement(constrained, plan.rule, plain.displacement);
    record.generalized = read_displacement(constrained, plan.rule, generalized.displacement);
    record.plain_distance = plain.displacement.norm();
    record.generalized_distance = generalized.displacement.norm();
    if (plan.gradient_flow) {
      record.flow_loss = objective.loss(flow.theta(), objective.all());
      record.flow_distance = (descent.theta() - flow.theta()).norm();
    }
    record.moved = (descent.theta() - origin).norm();
    run.steps.push_back(record);

    if (edge.second > plan.largest_second * critical) {
      run.status = SelfStabilizationStatus::second_direction;
      run.reason = fmt::format("second eigenvalue {:.4g} above {:.4g} at step {}", edge.second,
                               plan.largest_second * critical, t);
      break;
    }
    if (!(edge.alpha > 0)) {
      run.status = SelfStabilizationStatus::no_sharpening;
      run.reason = fmt::format("alpha = {:.3g} at step {}", edge.alpha, t);
      break;
    }
    if (constrained.sharpness_violation > plan.largest_violation * critical) {
      run.status = SelfStabilizationStatus::left_constraint;
      run.reason = fmt::format("sharpness {:.6g} above the edge {:.6g} after the projection at step {}", edge.sharpness,
                               critical, t);
      break;
    }
    if (!(plain.displacement.norm() < 1e3 * (1 + constrained.theta.norm()))) {
      run.status = SelfStabilizationStatus::prediction_diverged;
      run.reason = fmt::format("the plain prediction is {:.3g} away at step {}", plain.displacement.norm(), t);
      break;
    }
    if (t == plan.steps) break;
    predicted_step(objective, constrained, plan.rule, PredictionKind::plain, plain);
    predicted_step(objective, constrained, plan.rule, PredictionKind::generalized, generalized);
    descent.step();
    if (plan.gradient_flow) flow.step(plan.rule.effective_eta());
    ConstrainedOptions options = plan.constrained;
    options.point.second = (t + 1) % plan.second_every == 0;
    constrained = constrained_step(objective, constrained, plan.rule, options);
  }
  return run;
}

SelfStabilizationSummary summarize(const SelfStabilization& run, const EdgeRule& rule) {
  SelfStabilizationSummary s;
  s.steps = static_cast<Index>(run.steps.size());
  if (run.steps.empty()) return s;
  const double critical = rule.critical_sharpness();
  double x2 = 0, delta2 = 0, plain2 = 0, generalized2 = 0, excess2 = 0;
  Index rising = 0;
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const SelfStabilizationStep& step = run.steps[i];
    x2 += step.x * step.x;
    delta2 += step.delta * step.delta;
    s.mean_excess += step.sharpness - critical;
    excess2 += std::pow(step.sharpness - critical, 2);
    plain2 += std::pow(step.sharpness - step.plain.sharpness, 2);
    generalized2 += std::pow(step.sharpness - step.generalized.sharpness, 2);
    s.mean_loss += step.loss;
    s.predicted_mean_loss += step.constrained_loss + 0.5 * critical * step.x * step.x;
    s.distance += step.distance;
    s.flow_distance += step.flow_distance;
    if (i > 0 && step.constrained_loss > run.steps[i - 1].constrained_loss) ++rising;
    if (i + 100 >= run.steps.size()) {
      s.final_distance = std::max(s.final_distance, step.distance);
      s.final_flow_distance = std::max(s.final_flow_distance, step.flow_distance);
    }
  }
  const auto n = static_cast<double>(run.steps.size());
  s.x2_over_delta2 = delta2 > 0 ? x2 / delta2 : 0;
  s.mean_excess /= n;
  s.rms_excess = std::sqrt(excess2 / n);
  s.plain_error = std::sqrt(plain2 / excess2);
  s.generalized_error = std::sqrt(generalized2 / excess2);
  s.mean_loss /= n;
  s.predicted_mean_loss /= n;
  s.distance /= n;
  s.flow_distance /= n;
  s.rising_steps = n > 1 ? static_cast<double>(rising) / (n - 1) : 0;
  return s;
}

}  // namespace brink
