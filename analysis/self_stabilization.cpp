// D2, D6: gradient descent at the edge beside what the constrained trajectory predicts of it.

#include "brink/edge/self_stabilization.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "analysis/edge_models.hpp"
#include "analysis/list.hpp"
#include "brink/base/error.hpp"
#include "brink/edge/caricature.hpp"
#include "brink/report/curve_figure.hpp"

namespace brink::analysis {
namespace {

constexpr Index kStabilizationSteps = 1500;  // after the crossing

/// The step size that has its edge at a sharpness of 20 whatever the momentum: not every start sharpens to more.
EdgeRule stabilization_rule(double beta) { return {0.1 * (1 + beta), beta}; }

// A unit: these numbers, then kTrace numbers a step.
enum Head : std::size_t {
  kStatus,
  kArrival,
  kX2,
  kExcess,
  kRms,
  kPlain,
  kGeneralized,
  kLoss,
  kPredictedLoss,
  kFinal,
  kFinalFlow,
  kRising,
  kMisalignment,
  kSecond,
  kFourth,
  kEpsilon,
  kPredictedPeriod,
  kHead
};
enum Column : std::size_t {
  tLoss,
  tConstrainedLoss,
  tPlainLoss,
  tFlowLoss,
  tSharpness,
  tGeneralizedSharpness,
  tX,
  tGeneralizedX,
  tDelta,
  tDistance,
  tFlowDistance,
  kTrace
};

std::vector<double> measure_run(const Objective<double>& objective, const Vector& start, double beta,
                                const Monitor& monitor) {
  SelfStabilizationPlan plan;
  plan.rule = stabilization_rule(beta);
  plan.steps = kStabilizationSteps;
  plan.constrained.projections = 1;         // from step to step the violation is small; what is left of it is recorded
  plan.constrained.point.tolerance = 1e-5;  // of vectors; that of values is its square
  EdgeArrival arrival;
  try {
    arrival = run_to_edge(objective, start, plan.rule, 200000, monitor);
  } catch (const NotConverged&) {  // some starts sharpen to less than the edge: no run, which is excluded and counted
    return std::vector<double>(kHead, std::numeric_limits<double>::quiet_NaN());
  }
  const SelfStabilization run = self_stabilization(objective, arrival.theta, plan, monitor);
  const SelfStabilizationSummary s = summarize(run, plan.rule);
  const auto& first = run.steps.front();
  // The orbit that the kick begins, with the coefficients of the first step.
  const Caricature orbit{plan.rule, first.alpha / std::sqrt(first.beta), std::sqrt(first.beta)};
  const double period = orbit_period(orbit, conserved(orbit, {plan.kick * first.delta, 0}));
  std::vector<double> values = {static_cast<double>(run.status),
                                static_cast<double>(arrival.step),
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
                                run.assumptions.misalignment,
                                run.assumptions.second_ratio,
                                run.assumptions.fourth_derivative,
                                run.assumptions.step_size,
                                period};
  for (const auto& step : run.steps)
    for (const double value :
         {step.loss, step.constrained_loss, step.plain.loss, step.flow_loss, step.sharpness, step.generalized.sharpness,
          step.x, step.generalized.x, step.delta, step.distance, step.flow_distance})
      values.push_back(value);
  return values;
}

/// Whether a run came to the edge.
bool arrived(const std::vector<double>& values) { return values.size() > kHead; }

bool ended_with(const std::vector<double>& values, SelfStabilizationStatus status) {
  return arrived(values) && std::lround(values[kStatus]) == static_cast<long>(status);
}

Curve trace(const std::vector<double>& values, std::size_t column, const std::string& label, CurveKind kind, int colour,
            bool absolute = false) {
  Curve curve{label, kind, colour, {}};
  for (std::size_t t = 0; kHead + (t + 1) * kTrace <= values.size(); ++t) {
    const double value = values[kHead + t * kTrace + column];
    curve.points.push_back({static_cast<double>(t), absolute ? std::abs(value) : value});
  }
  return curve;
}

/// The mean time between upward crossings of S* by the sharpness averaged over two steps; NaN with fewer than two.
double measured_period(const std::vector<double>& values, double critical) {
  std::vector<double> times;
  double before = 0;
  for (std::size_t t = 1; kHead + (t + 1) * kTrace <= values.size(); ++t) {
    const double now =
        0.5 * (values[kHead + t * kTrace + tSharpness] + values[kHead + (t - 1) * kTrace + tSharpness]) - critical;
    if (t > 1 && before < 0 && now >= 0 && (times.empty() || static_cast<double>(t) > times.back() + 10))
      times.push_back(static_cast<double>(t));
    before = now;
  }
  if (times.size() < 2) return NAN;
  return (times.back() - times.front()) / static_cast<double>(times.size() - 1);
}

std::vector<CurvePanel> four_panels(const std::vector<double>& values, double critical) {
  const double last = static_cast<double>((values.size() - kHead) / kTrace - 1);
  CurvePanel loss{"loss", "step after the crossing", "L", false, false, {}};
  loss.curves = {trace(values, tLoss, "gradient descent", CurveKind::line, 1),
                 trace(values, tPlainLoss, "predicted", CurveKind::dashed, 2),
                 trace(values, tConstrainedLoss, "constrained", CurveKind::line, 3),
                 trace(values, tFlowLoss, "gradient flow", CurveKind::line, 4)};
  CurvePanel sharpness{"sharpness", "step after the crossing", "S", false, false, {}};
  sharpness.curves = {trace(values, tSharpness, "gradient descent", CurveKind::thin, 1),
                      trace(values, tGeneralizedSharpness, "predicted", CurveKind::dashed, 2),
                      {"edge", CurveKind::dashed, 7, {{0, critical}, {last, critical}}}};
  CurvePanel displacement{"displacement", "step after the crossing", "|x|", false, false, {}};
  displacement.curves = {trace(values, tX, "gradient descent", CurveKind::line, 1, true),
                         trace(values, tGeneralizedX, "predicted", CurveKind::dashed, 2, true),
                         trace(values, tDelta, "δ", CurveKind::dashed, 7)};
  CurvePanel distance{"distance", "step after the crossing", "distance", false, false, {}};
  distance.curves = {trace(values, tDistance, "to the constrained trajectory", CurveKind::line, 1),
                     trace(values, tFlowDistance, "to gradient flow", CurveKind::line, 4)};
  return {loss, sharpness, displacement, distance};
}

StudyReport run_self_stabilization(const StudyContext& context) {
  const auto task = chebyshev_task(4);
  const auto objective = task.precise();
  const int seeds = context.choose(8, 20);
  const std::vector<double> momenta = {0, 0.5};
  std::vector<StudyUnit> units;
  for (const double beta : momenta)
    for (int s = 0; s < seeds; ++s)
      units.push_back({"beta " + shortest(beta) + " seed " + std::to_string(s), [=, &task](const Monitor& monitor) {
                         const Vector start = chebyshev_start(task, context.seed + static_cast<std::uint64_t>(s));
                         return measure_run(*objective, start, beta, monitor);
                       }});
  const auto values = context.measure(units);

  StudyReport report;
  if (!context.full) report.reductions.push_back("8 starts; 20 in full");
  Table table({{"momentum"},       {"seed"},
               {"status"},         {"arrival"},
               {"steps"},          {"x2_over_delta2"},
               {"mean_excess"},    {"rms_excess"},
               {"plain_error"},    {"generalized_error"},
               {"mean_loss"},      {"predicted_mean_loss"},
               {"final_distance"}, {"final_flow_distance"},
               {"rising"},         {"misalignment"},
               {"second_ratio"},   {"fourth_derivative"},
               {"epsilon"},        {"predicted_period"},
               {"measured_period"}});
  std::size_t unit = 0;
  for (const double beta : momenta) {
    const double critical = stabilization_rule(beta).critical_sharpness();
    std::size_t shown = units.size();
    std::vector<double> x2, excess, plain, generalized, better, loss, distance, rising, period;
    for (int s = 0; s < seeds; ++s, ++unit) {
      const auto& v = values[unit];
      const double measured = measured_period(v, critical);
      if (arrived(v)) shown = std::min(shown, unit);
      if (arrived(v))
        table.add_row({beta,
                       std::int64_t{s},
                       std::string(to_string(static_cast<SelfStabilizationStatus>(std::lround(v[kStatus])))),
                       v[kArrival],
                       static_cast<std::int64_t>((v.size() - kHead) / kTrace),
                       v[kX2],
                       v[kExcess],
                       v[kRms],
                       v[kPlain],
                       v[kGeneralized],
                       v[kLoss],
                       v[kPredictedLoss],
                       v[kFinal],
                       v[kFinalFlow],
                       v[kRising],
                       v[kMisalignment],
                       v[kSecond],
                       v[kFourth],
                       v[kEpsilon],
                       v[kPredictedPeriod],
                       measured});
      // What ends within a few steps, because the sharpness does not go on rising, says nothing of averages.
      const auto counted = [&](std::size_t column) {
        return ended_with(v, SelfStabilizationStatus::steps_done) ? v[column] : NAN;
      };
      x2.push_back(counted(kX2));
      excess.push_back(counted(kExcess));
      plain.push_back(counted(kPlain));
      generalized.push_back(counted(kGeneralized));
      better.push_back(counted(kGeneralized) / v[kPlain]);
      loss.push_back(counted(kLoss) / v[kPredictedLoss]);
      distance.push_back(counted(kFinal) / v[kFinalFlow]);
      rising.push_back(counted(kRising));
      period.push_back(measured / v[kPredictedPeriod]);
    }
    const std::string claim = beta == 0 ? "D2" : "D6";
    const std::string where = beta == 0 ? "" : ", β = " + shortest(beta);
    const auto published = [&](const char* text) { return beta == 0 ? std::string(text) : std::string(); };
    report.findings.push_back(judge_equal({claim, "⟨x²⟩/⟨δ²⟩" + where, published(".992")}, x2, 1, 0.1));
    report.findings.push_back(judge_equal({claim, "⟨S⟩ − S*" + where, published(".015")}, excess, 0, 0.05));
    report.findings.push_back(
        judge_at_most({claim, "rms(S − plain prediction)/rms(S − S*)" + where, published(".27")}, plain, 0.5));
    report.findings.push_back(judge_at_most(
        {claim, "rms(S − generalized prediction)/rms(S − S*)" + where, published(".12")}, generalized, 0.3));
    report.findings.push_back(
        judge_at_most({claim, "error of the generalized over that of the plain" + where, published(".44")}, better, 1));
    report.findings.push_back(
        judge_equal({claim, "⟨L⟩/⟨L† + ½S*x²⟩" + where, published(".0386/.0381")}, loss, 1, 0.05));
    report.findings.push_back(judge_at_most(
        {claim, "distance at the end: constrained over gradient flow" + where, published(".07/.68")}, distance, 0.5));
    report.findings.push_back(judge_at_most({claim, "part of the steps at which L† rises" + where}, rising, 0.01));
    report.findings.push_back(judge_equal({claim, "period over that of the caricature" + where}, period, 1, 0.2));
    if (shown < units.size())
      report.figures.push_back(
          curve_figure(beta == 0 ? "self-stabilization" : "with-momentum", four_panels(values[shown], critical)));
  }
  report.tables.emplace_back("runs", std::move(table));
  return report;
}

}  // namespace

Study self_stabilization_study() {
  return {
      "self-stabilization",
      "D2, D6",
      "Does the constrained trajectory predict gradient descent at the edge of stability, and with momentum?",
      "Damian, Nichani & Lee 2022, arXiv 2209.15594",
      "over seeds: ⟨x²⟩/⟨δ²⟩ within 10% of 1; ⟨S⟩ within 0.05 of S*; errors of S at most 0.5 (plain) and 0.3 "
      "(generalized) of rms(S − S*); mean loss within 5%; distance at most half of that to gradient flow; L† rises at "
      "no more than 1% of the steps; period within 20% of the caricature's; runs that stop before are excluded",
      run_self_stabilization};
}

}  // namespace brink::analysis
