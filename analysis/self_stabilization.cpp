// D2, D6: gradient descent at the edge beside what the constrained trajectory predicts of it.

#include "brink/edge/self_stabilization.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "analysis/edge_models.hpp"
#include "analysis/list.hpp"
#include "analysis/stabilization_periods.hpp"
#include "analysis/stabilization_runs.hpp"

namespace brink::analysis {
namespace {

constexpr Index kStabilizationSteps = 1500;  // after the crossing

/// The step size that has its edge at a sharpness of 20 whatever the momentum: not every start sharpens to more.
EdgeRule stabilization_rule(double beta) { return {0.1 * (1 + beta), beta}; }

std::vector<double> measure_run(const Objective<double>& objective, const Vector& start, double beta,
                                const Monitor& monitor) {
  SelfStabilizationPlan plan;
  plan.rule = stabilization_rule(beta);
  plan.steps = kStabilizationSteps;
  plan.constrained = stabilization_options();
  return numbers_of(stabilization_run(objective, start, plan, 200000, monitor), plan);
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
  std::vector<Column> columns = {{"momentum"}, {"seed"}};
  for (const Column& column : stabilization_columns()) columns.push_back(column);
  columns.push_back({"measured_period"});
  Table table(columns);
  std::size_t unit = 0;
  for (const double beta : momenta) {
    const double critical = stabilization_rule(beta).critical_sharpness();
    std::vector<RunNumbers> runs;
    std::vector<bool> counted;
    std::vector<double> period;
    for (int s = 0; s < seeds; ++s, ++unit) {
      const RunNumbers run = runs.emplace_back(std::span<const double>(values[unit]));
      // What ends within a few steps, because the sharpness does not go on rising, says nothing of averages.
      counted.push_back(run.arrived() && run.status() == SelfStabilizationStatus::steps_done);
      const double measured = measured_period(run, critical);
      period.push_back(counted.back() ? measured / run[RunNumbers::kPredictedPeriod] : NAN);
      if (!run.arrived()) continue;
      std::vector<TableValue> row = {beta, std::int64_t{s}};
      for (const TableValue& cell : stabilization_cells(run)) row.push_back(cell);
      row.emplace_back(measured);
      table.add_row(row);
    }
    const StabilizationClaim claim{beta == 0 ? "D2" : "D6", beta == 0 ? "" : ", β = " + shortest(beta), 0.05,
                                   beta == 0};
    judge_stabilization(claim, runs, counted, report.findings);
    report.findings.push_back(
        judge_equal({claim.claim, "period over that of the caricature" + claim.where}, period, 1, 0.2));
    const auto shown = std::find_if(runs.begin(), runs.end(), std::mem_fn(&RunNumbers::arrived));
    if (shown != runs.end())
      report.figures.push_back(
          curve_figure(beta == 0 ? "self-stabilization" : "with-momentum", stabilization_panels(*shown, critical)));
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
