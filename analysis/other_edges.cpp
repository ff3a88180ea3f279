// F1, F2, F3: where the sharpness settles under gradient descent, momentum, adaptive steps and sharpness-aware steps.

#include <algorithm>
#include <cmath>
#include <memory>

#include "analysis/edge_models.hpp"
#include "analysis/list.hpp"
#include "analysis/rule_edges.hpp"
#include "analysis/unit_columns.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/training/training_rule.hpp"

namespace brink::analysis {
namespace {

constexpr Index kEdgeEvery = 25;  // odd: both sides of the oscillation

struct EdgeArm {
  std::string name;  ///< of the training rule, or "sam"
  std::string claim;
  double eta;
  double momentum;
  double parameter;  ///< ρ of sam; second momentum of the adaptive rules
  double published;  ///< 0: none
  Index steps;
};

const std::vector<EdgeArm>& edge_arms() {
  static const std::vector<EdgeArm> all = {
      {"sgd", "F1", 0.1, 0, 0, 1.012, 14000},          {"sgd", "F1", 0.2, 0, 0, 1.001, 14000},
      {"heavy-ball", "F1", 0.2, 0.5, 0, 1.001, 10000}, {"nesterov", "F1", 0.1, 0.5, 0, 1.002, 10000},
      {"rmsprop", "F2", 0.002, 0, 0.99, 1.017, 6000},  {"adam", "F2", 0.002, 0.9, 0.999, 0.994, 6000},
      {"sam", "F3", 0.2, 0, 0.05, 1.017, 14000}};
  return all;
}

std::string name_of(const EdgeArm& arm) {
  std::string name = arm.name == "sgd" ? "gradient descent" : arm.name;
  name += ", η = " + shortest(arm.eta);
  if (arm.momentum > 0) name += ", β = " + shortest(arm.momentum);
  return name;
}

// At every kEdgeEvery-th step: step, preconditioned λ₁ over the edge, raw λ₁, loss.
enum EdgeColumn : std::size_t { eStep, eRatio, eRaw, eLoss, kEdgeColumns };

std::vector<double> measure_run(const Task& task, const EdgeArm& arm, std::uint64_t seed, Index steps,
                                const Monitor& monitor) {
  const auto objective = task.precise();
  const RuleEdge edge{arm.name, arm.eta, arm.momentum, arm.parameter};
  const bool sharpness_aware = arm.name == "sam";
  const bool adaptive = arm.name == "rmsprop" || arm.name == "adam";
  TrainingRuleParameters parameters;
  parameters.momentum = arm.momentum;
  if (adaptive) parameters.second_momentum = arm.parameter;
  const auto rule = make_training_rule<double>(sharpness_aware ? "sgd" : arm.name, parameters);
  auto state = initial_state(*rule, chebyshev_start(task, seed));
  const Index p = state.theta.size();
  const GradientAt<double> at = [&](const Vector& theta, Vector& out) {
    const double loss = objective->gradient(theta, objective->all(), out);
    if (!sharpness_aware) return loss;
    const Vector ahead = theta + (arm.parameter / out.norm()) * out;
    objective->gradient(ahead, objective->all(), out);
    return loss;
  };
  Vector gradient(p);
  std::vector<Vector> start, raw_start;
  std::vector<double> values;
  for (Index t = 0; t <= steps; ++t) {
    const double loss = objective->gradient(state.theta, objective->all(), gradient);
    if (!std::isfinite(loss)) break;
    if (t % kEdgeEvery == 0 && t > 0) {
      monitor.check();
      const double norm = gradient.norm();
      const TopCurvature raw = top_curvature(*objective, state.theta, objective->all(), 1, raw_start, 1e-4);
      raw_start = raw.vectors;
      double value = raw.values[0].value;
      if (adaptive) {
        // v is the last buffer of Adam and the first of RMSProp.
        Vector root = (arm.name == "adam" ? state.buffers.tail(p) : state.buffers.head(p)).cwiseSqrt();
        if (arm.name == "adam") root /= std::sqrt(1 - std::pow(arm.parameter, static_cast<double>(t)));
        root = (root.array() + parameters.epsilon).sqrt();
        Vector scaled(p);
        const SymmetricOperator op{p, [&](const Vector& x, Vector& y) {
                                     scaled = x.cwiseQuotient(root);
                                     objective->hessian_product(state.theta, objective->all(), scaled, y);
                                     y = y.cwiseQuotient(root);
                                   }};
        TopEigenOptions options;
        options.tolerance = 1e-4;
        const auto pair = top_eigenpair(op, options, start.empty() ? Vector() : start[0]);
        start = {pair.vector};
        value = pair.value;
      }
      for (const double v : {static_cast<double>(t), value / edge.at(norm), raw.values[0].value, loss})
        values.push_back(v);
    }
    at(state.theta, gradient);
    rule->step(arm.eta, gradient, at, state);
  }
  return values;
}

StudyReport run_other_edges(const StudyContext& context) {
  const auto task = chebyshev_task(4);
  const int seeds = context.choose(3, 8);
  std::vector<StudyUnit> units;
  for (const EdgeArm& arm : edge_arms())
    for (int s = 0; s < seeds; ++s)
      units.push_back({name_of(arm) + " seed " + std::to_string(s), [=, &context, &task](const Monitor& monitor) {
                         return measure_run(task, arm, context.seed + static_cast<std::uint64_t>(s),
                                            context.choose<Index>(arm.steps, 4 * arm.steps), monitor);
                       }});
  const auto values = context.measure(units);

  StudyReport report;
  if (!context.full) report.reductions.push_back("3 seeds and a quarter of the steps (full: 8)");
  Table table({{"rule"}, {"eta"}, {"momentum"}, {"seed"}, {"ratio"}, {"sharpness_end_over_arrival"}, {"loss_end"}});
  std::vector<CurvePanel> panels(2);
  panels[0] = {"gradient descent, momentum, SAM", "step", "sharpness over its edge", false, false, {}};
  panels[1] = {"adaptive steps", "step", "preconditioned sharpness over its edge", false, false, {}};
  std::size_t unit = 0;
  for (const EdgeArm& arm : edge_arms()) {
    std::vector<double> ratio, rise;
    for (int s = 0; s < seeds; ++s, ++unit) {
      const auto& v = values[unit];
      const auto ratios = unit_column(v, eRatio, kEdgeColumns);
      ratio.push_back(mean_after_crossing(ratios, ratios));
      rise.push_back(growth_after_crossing(ratios, unit_column(v, eRaw, kEdgeColumns)));
      table.add_row({arm.name, arm.eta, arm.momentum, std::int64_t{s}, ratio.back(), rise.back(), v.back()});
    }
    report.findings.push_back(judge_equal(
        {arm.claim, "λ₁ over its edge after the crossing: " + name_of(arm), shortest(arm.published)}, ratio, 1, 0.05));
    if (arm.claim == "F2")
      report.findings.push_back(judge_at_least(
          {"F2", "raw sharpness: end over arrival at the edge: " + name_of(arm), "still rising"}, rise, 1));
    CurvePanel& panel = panels[arm.claim == "F2" ? 1 : 0];
    Curve curve{name_of(arm), CurveKind::line, static_cast<int>(panel.curves.size()) + 1, {}};
    for (std::size_t i = 0; i < values[unit - 1].size(); i += kEdgeColumns)
      curve.points.push_back({values[unit - 1][i + eStep], values[unit - 1][i + eRatio]});
    panel.curves.push_back(std::move(curve));
  }
  for (CurvePanel& panel : panels) {
    double last = 0;
    for (const Curve& curve : panel.curves) last = std::max(last, curve.points.empty() ? 0 : curve.points.back().x);
    panel.curves.push_back({"edge", CurveKind::dashed, 7, {{0, 1}, {last, 1}}});
  }
  report.tables.emplace_back("edges", std::move(table));
  report.figures.push_back(curve_figure("edges", panels));
  return report;
}

}  // namespace

Study other_edges() {
  return {"other-edges",
          "F1, F2, F3",
          "Does every optimizer settle at an edge of its own?",
          "Cohen et al. 2021 and 2022; Long & Bartlett 2023",
          "over seeds, from 20 records after the first time at the edge to the end: mean λ₁ of the (preconditioned) "
          "Hessian "
          "within 5% of 2/η, 2(1+β)/η, 2(1+β)/((1+2β)η), 2(1+β)/((1−β)η) (Adam), Long & Bartlett's edge (SAM); under "
          "adaptive steps the raw sharpness ends higher than it arrived",
          run_other_edges};
}

}  // namespace brink::analysis
