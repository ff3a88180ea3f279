#include "analysis/stabilization_runs.hpp"

#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/edge/caricature.hpp"

namespace brink::analysis {
namespace {

Curve run_trace(RunNumbers run, RunNumbers::Trace column, const std::string& label, CurveKind kind, int colour,
                bool absolute = false) {
  Curve curve{label, kind, colour, {}};
  for (std::size_t t = 0; t < run.steps(); ++t) {
    const double value = run.at(t, column);
    curve.points.push_back({static_cast<double>(t), absolute ? std::abs(value) : value});
  }
  return curve;
}

/// The mean of every two steps that follow each other: without what changes its sign at every step.
Curve mean_of_two(Curve curve) {
  auto& points = curve.points;
  for (std::size_t t = points.size() - 1; t > 0; --t) points[t].y = 0.5 * (points[t].y + points[t - 1].y);
  points.erase(points.begin());
  return curve;
}

}  // namespace

ConstrainedOptions stabilization_options() {
  ConstrainedOptions options;
  options.projections = 1;         // from step to step the violation is small; what is left of it is recorded
  options.point.tolerance = 1e-5;  // of vectors; that of values is its square
  return options;
}

std::optional<StabilizationRun> stabilization_run(const Objective<double>& objective, const Vector& start,
                                                  const SelfStabilizationPlan& plan, Index limit,
                                                  const Monitor& monitor) {
  EdgeArrival arrival;
  try {
    arrival = run_to_edge(objective, start, plan.rule, limit, monitor);
  } catch (const NotConverged&) {  // some starts sharpen to less than the edge
    return std::nullopt;
  }
  return StabilizationRun{arrival.step, self_stabilization(objective, arrival.theta, plan, monitor)};
}

std::vector<double> numbers_of(const std::optional<StabilizationRun>& run, const SelfStabilizationPlan& plan) {
  if (!run) return std::vector<double>(RunNumbers::kHead, std::numeric_limits<double>::quiet_NaN());
  const SelfStabilization& record = run->record;
  const SelfStabilizationSummary s = summarize(record, plan.rule);
  const auto& first = record.steps.front();
  // The orbit that the kick begins, with the coefficients of the first step.
  const Caricature orbit{plan.rule, first.alpha / std::sqrt(first.beta), std::sqrt(first.beta)};
  const double period = orbit_period(orbit, conserved(orbit, {plan.kick * first.delta, 0}));
  std::vector<double> values = {static_cast<double>(record.status),
                                static_cast<double>(run->arrival),
                                s.x2_over_delta2,
                                s.mean_excess,
                                s.rms_excess,
                                s.plain_error,
                                s.generalized_error,
                                s.mean_loss,
                                s.predicted_mean_loss,
                                s.final_distance,
                                s.final_flow_distance,
                                s.rising_steps,
                                record.assumptions.misalignment,
                                record.assumptions.second_ratio,
                                record.assumptions.fourth_derivative,
                                record.assumptions.step_size,
                                period};
  for (const auto& step : record.steps)
    for (const double value :
         {step.loss, step.constrained_loss, step.plain.loss, step.flow_loss, step.sharpness, step.generalized.sharpness,
          step.x, step.generalized.x, step.delta, step.distance, step.flow_distance})
      values.push_back(value);
  return values;
}

SelfStabilizationStatus RunNumbers::status() const {
  return static_cast<SelfStabilizationStatus>(std::lround(numbers_[kStatus]));
}

std::vector<Column> stabilization_columns() {
  return {{"status"},         {"arrival"},
          {"steps"},          {"x2_over_delta2"},
          {"mean_excess"},    {"rms_excess"},
          {"plain_error"},    {"generalized_error"},
          {"mean_loss"},      {"predicted_mean_loss"},
          {"final_distance"}, {"final_flow_distance"},
          {"rising"},         {"misalignment"},
          {"second_ratio"},   {"fourth_derivative"},
          {"epsilon"},        {"predicted_period"}};
}

std::vector<TableValue> stabilization_cells(RunNumbers run) {
  std::vector<TableValue> cells = {std::string(to_string(run.status())), run[RunNumbers::kArrival],
                                   static_cast<std::int64_t>(run.steps())};
  for (std::size_t i = RunNumbers::kX2; i < RunNumbers::kHead; ++i)
    cells.emplace_back(run[static_cast<RunNumbers::Head>(i)]);
  return cells;
}

std::vector<CurvePanel> stabilization_panels(RunNumbers run, double critical) {
  using enum RunNumbers::Trace;
  const double last = static_cast<double>(run.steps() - 1);
  CurvePanel loss{"loss", "step after the crossing", "L", false, false, {}};
  loss.curves = {run_trace(run, tLoss, "gradient descent", CurveKind::line, 1),
                 run_trace(run, tPlainLoss, "predicted", CurveKind::dashed, 2),
                 run_trace(run, tConstrainedLoss, "constrained", CurveKind::line, 3),
                 run_trace(run, tFlowLoss, "gradient flow", CurveKind::line, 4)};
  CurvePanel sharpness{"sharpness", "step after the crossing", "mean S of two steps", false, false, {}};
  sharpness.curves = {mean_of_two(run_trace(run, tSharpness, "gradient descent", CurveKind::line, 1)),
                      mean_of_two(run_trace(run, tGeneralizedSharpness, "predicted", CurveKind::dashed, 2)),
                      {"edge", CurveKind::dashed, 7, {{0, critical}, {last, critical}}}};
  CurvePanel displacement{"displacement", "step after the crossing", "|x|", false, false, {}};
  displacement.curves = {run_trace(run, tX, "gradient descent", CurveKind::line, 1, true),
                         run_trace(run, tGeneralizedX, "predicted", CurveKind::dashed, 2, true),
                         run_trace(run, tDelta, "δ", CurveKind::dashed, 7)};
  CurvePanel distance{"distance", "step after the crossing", "distance", false, false, {}};
  distance.curves = {run_trace(run, tDistance, "to the constrained trajectory", CurveKind::line, 1),
                     run_trace(run, tFlowDistance, "to gradient flow", CurveKind::line, 4)};
  return {loss, sharpness, displacement, distance};
}

void judge_stabilization(const StabilizationClaim& claim, const std::vector<RunNumbers>& runs,
                         const std::vector<bool>& counted, std::vector<Finding>& findings) {
  using enum RunNumbers::Head;
  const auto over_runs = [&](auto quantity) {
    std::vector<double> values;
    for (std::size_t i = 0; i < runs.size(); ++i) values.push_back(counted[i] ? quantity(runs[i]) : NAN);
    return values;
  };
  const auto number = [&](RunNumbers::Head which) { return over_runs([=](RunNumbers run) { return run[which]; }); };
  const auto ratio = [&](RunNumbers::Head above, RunNumbers::Head below) {
    return over_runs([=](RunNumbers run) { return run[above] / run[below]; });
  };
  const auto about = [&](const std::string& quantity, const char* published = "") {
    return Claim{claim.claim, quantity + claim.where, claim.with_published ? published : ""};
  };
  for (const Finding& finding :
       {judge_equal(about("⟨x²⟩/⟨δ²⟩", ".992"), number(kX2), 1, 0.1),
        judge_equal(about("⟨S⟩ − S*", ".015"), number(kExcess), 0, claim.excess_margin),
        judge_at_most(about("rms(S − plain prediction)/rms(S − S*)", ".27"), number(kPlain), 0.5),
        judge_at_most(about("rms(S − generalized prediction)/rms(S − S*)", ".12"), number(kGeneralized), 0.3),
        judge_at_most(about("error of the generalized over that of the plain", ".44"), ratio(kGeneralized, kPlain), 1),
        judge_equal(about("⟨L⟩/⟨L† + ½S*x²⟩", ".0386/.0381"), ratio(kLoss, kPredictedLoss), 1, 0.05),
        judge_at_most(about("distance at the end: constrained over gradient flow", ".07/.68"),
                      ratio(kFinal, kFinalFlow), 0.5),
        judge_at_most(about("part of the steps at which L† rises"), number(kRising), 0.01)})
    findings.push_back(finding);
}

}  // namespace brink::analysis
