// D4: gradient descent with one and with two directions at the edge, and the central flow that it should follow.

#include "brink/edge/central_flow.hpp"

#include <cmath>

#include "analysis/edge_models.hpp"
#include "analysis/flow_averages.hpp"
#include "analysis/list.hpp"
#include "brink/report/curve_figure.hpp"

namespace brink::analysis {
namespace {

constexpr double kFlowEta = 0.35;
constexpr Index kCurvatureEvery = 5;  // odd: both sides of the oscillation

std::vector<double> measure_run(const Task& task, const Vector& start, Index steps, const Monitor& monitor) {
  const auto objective = task.precise();
  const EdgeRule rule{kFlowEta, 0};
  const EdgeArrival arrival = run_to_edge(*objective, start, rule, 100000, monitor);
  const EdgePoint edge = edge_point(*objective, arrival.theta);
  Vector theta = arrival.theta + 0.3 * edge.delta() * edge.u;
  CentralFlowOptions options;
  options.eta = kFlowEta;
  options.substeps = 2;
  CentralFlowState flow = start_central_flow(*objective, options, arrival.theta);
  std::vector<Vector> starts;
  Vector gradient(theta.size());
  std::vector<double> values;
  double first = 2, second = 0;
  for (Index t = 0; t < steps; ++t) {
    monitor.check();
    if (t % kCurvatureEvery == 0) {
      const TopCurvature top = top_curvature(*objective, theta, objective->all(), 2, starts, 1e-5);
      starts = top.vectors;
      first = kFlowEta * top.values[0].value;
      second = kFlowEta * top.values[1].value;
    }
    const double distance = (theta - flow.w).norm();
    const CentralFlowReading reading = central_flow_step(*objective, options, flow);
    const double loss = objective->gradient(theta, objective->all(), gradient);
    theta -= kFlowEta * gradient;
    const double next = reading.eigenvalues.size() > 1 ? reading.eigenvalues[1].value : NAN;
    for (const double value :
         {static_cast<double>(reading.oscillating), reading.loss, reading.time_averaged_loss, loss,
          reading.eigenvalues[0].value, next, first, second, reading.variance, distance, reading.residual})
      values.push_back(value);
  }
  return values;
}

/// Means over 20 steps: the oscillation of period 2 and its envelope are what the flow averages over.
Curve averaged(const std::vector<double>& values, std::size_t column, const std::string& label, CurveKind kind,
               int colour) {
  constexpr std::size_t kWindow = 20;
  Curve curve{label, kind, colour, {}};
  for (std::size_t t = 0; (t + kWindow) * kFlowColumns <= values.size(); t += kWindow / 2) {
    double sum = 0;
    for (std::size_t i = 0; i < kWindow; ++i) sum += values[(t + i) * kFlowColumns + column];
    curve.points.push_back({static_cast<double>(t) + 0.5 * kWindow, sum / kWindow});
  }
  return curve;
}

StudyReport run_central_flow(const StudyContext& context) {
  const auto task = chebyshev_task(4);
  const Index steps = context.choose<Index>(900, 3000);
  const int seeds = context.choose(3, 6);
  std::vector<StudyUnit> units;
  for (int s = 0; s < seeds; ++s)
    units.push_back({"seed " + std::to_string(s), [=, &context, &task](const Monitor& monitor) {
                       return measure_run(task, chebyshev_start(task, context.seed + static_cast<std::uint64_t>(s)),
                                          steps, monitor);
                     }});
  const auto values = context.measure(units);

  StudyReport report;
  if (!context.full) report.reductions.push_back("3 starts and 900 steps after the crossing; 6 and 3000 in full");
  Table table({{"seed"},
               {"directions"},
               {"mean_loss"},
               {"predicted_mean_loss"},
               {"flow_loss"},
               {"eta_lambda_1"},
               {"eta_lambda_2"},
               {"variance"},
               {"distance"},
               {"residual"}});
  for (const Index k : {1, 2}) {
    std::vector<double> loss, excess, both, worst;
    for (int s = 0; s < seeds; ++s) {
      const auto& v = values[static_cast<std::size_t>(s)];
      const double measured = flow_average(v, kDescentLoss, k);
      const double predicted = flow_average(v, kAverageLoss, k);
      const double bare = flow_average(v, kFlowLoss, k);
      const double first = flow_average(v, kDescentFirst, k);
      const double second = flow_average(v, kDescentSecond, k);
      table.add_row({std::int64_t{s}, static_cast<std::int64_t>(k), measured, predicted, bare, first, second,
                     flow_average(v, kVariance, k), flow_average(v, kDistance, k), flow_average(v, kResidual, k)});
      loss.push_back(measured / predicted);
      excess.push_back((measured - bare) / (predicted - bare));
      both.push_back(k == 1 ? first : 0.5 * (first + second));
      worst.push_back(flow_average(v, kResidual, k));
    }
    const std::string where = k == 1 ? ", one direction" : ", two directions";
    report.findings.push_back(
        judge_equal({"D4", "⟨L⟩ over L + tr Σ/η" + where, k == 1 ? ".0385/.0387" : ".0843/.0844"}, loss, 1, 0.05));
    report.findings.push_back(judge_equal({"D4", "⟨L⟩ − L over tr Σ/η" + where}, excess, 1, 0.2));
    report.findings.push_back(judge_equal(
        {"D4", std::string(k == 1 ? "η·mean λ₁" : "η·mean of λ₁ and λ₂") + where, k == 1 ? "" : "both at 2"}, both, 2,
        0.06));
  }
  report.tables.emplace_back("averages", std::move(table));

  const auto& shown = values[0];
  const double last = static_cast<double>(steps);
  CurvePanel loss{"loss", "step after the crossing", "L, mean over 20 steps", false, false, {}};
  loss.curves = {averaged(shown, kDescentLoss, "gradient descent", CurveKind::line, 1),
                 averaged(shown, kAverageLoss, "predicted mean", CurveKind::dashed, 2),
                 averaged(shown, kFlowLoss, "central flow", CurveKind::line, 3)};
  CurvePanel curvature{"curvature", "step after the crossing", "η·eigenvalue", false, false, {}};
  curvature.curves = {averaged(shown, kDescentFirst, "gradient descent, first", CurveKind::line, 1),
                      averaged(shown, kDescentSecond, "second", CurveKind::line, 4),
                      averaged(shown, kFlowFirst, "flow, first", CurveKind::dashed, 2),
                      averaged(shown, kFlowSecond, "second", CurveKind::dashed, 3),
                      {"edge", CurveKind::dashed, 7, {{0, 2}, {last, 2}}}};
  report.figures.push_back(curve_figure("central-flow", {loss, curvature}));
  return report;
}

}  // namespace

Study central_flow_study() {
  return {"central-flow",
          "D4",
          "Does the central flow predict the time averages of gradient descent with one and two unstable directions?",
          "Cohen, Damian, Talwalkar, Kolter & Lee 2024, arXiv 2410.24206",
          "over seeds, where the flow has k oscillating directions for at least 100 steps: mean loss within 5% of "
          "L + tr Σ/η, its excess over L within 20% of tr Σ/η, the mean of the k largest η·λ within 3% of 2",
          run_central_flow};
}

}  // namespace brink::analysis
