// D3: networks on Fashion-MNIST at the edge beside what the constrained trajectory predicts of them.

#include <algorithm>
#include <cmath>

#include "analysis/list.hpp"
#include "analysis/models.hpp"
#include "analysis/stabilization_periods.hpp"
#include "analysis/stabilization_runs.hpp"
#include "brink/network/models.hpp"

namespace brink::analysis {
namespace {

/// Step sizes whose edge progressive sharpening reaches, when the first steps are over, and networks whose second
/// eigenvalue stays below it for three periods and more: chosen for that alone, on other seeds.
struct ImageArm {
  int classes;
  std::vector<Index> hidden;
  double scale;  ///< of the start: from a larger one two classes are learnt before they sharpen
  double eta;
  Index samples, full_samples;
  Index steps, full_steps;  ///< after the crossing, at most
};
const std::vector<ImageArm> kImageArms = {{2, {32, 32}, 0.4, 0.25, 500, 1000, 600, 1000},
                                          {10, {32, 32, 32}, 1, 0.05, 200, 500, 600, 1000}};

/// The number of periods, then the numbers of the run.
std::vector<double> measure_image_run(const ImageArm& arm, bool full, std::uint64_t seed, const Monitor& monitor) {
  const Task task = image_task(full ? arm.full_samples : arm.samples, arm.classes, arm.hidden, "tanh", seed);
  SelfStabilizationPlan plan;
  plan.rule = {arm.eta, 0};
  plan.steps = full ? arm.full_steps : arm.steps;
  plan.constrained = stabilization_options();
  plan.constrained.point.follow = true;
  plan.second_every = 20;
  const Vector start = initial_parameters(task.network, "default", arm.scale, seed);
  const auto run = stabilization_run(*task.precise(), start, plan, 10000, monitor);
  std::vector<double> values = numbers_of(run, plan);
  values.insert(values.begin(), run ? periods_of(run->record) : NAN);
  return values;
}

StudyReport run_self_stabilization_images(const StudyContext& context) {
  const int seeds = context.choose(4, 8);
  std::vector<StudyUnit> units;
  for (const ImageArm& arm : kImageArms)
    for (int s = 0; s < seeds; ++s)
      units.push_back(
          {std::to_string(arm.classes) + " classes seed " + std::to_string(s), [=, &context](const Monitor& monitor) {
             return measure_image_run(arm, context.full, context.seed + static_cast<std::uint64_t>(s), monitor);
           }});
  const auto values = context.measure(units);

  StudyReport report;
  if (!context.full) report.reductions.push_back("4 starts, 500 and 200 images; 8 starts, 1000 and 500 images in full");
  std::vector<Column> columns = {{"classes"}, {"seed"}, {"periods"}};
  for (const Column& column : stabilization_columns()) columns.push_back(column);
  Table table(columns);
  std::size_t unit = 0;
  for (const ImageArm& arm : kImageArms) {
    const double critical = EdgeRule{arm.eta, 0}.critical_sharpness();
    std::vector<RunNumbers> runs;
    std::vector<bool> counted;
    for (int s = 0; s < seeds; ++s, ++unit) {
      const double periods = values[unit].front();
      const RunNumbers run = runs.emplace_back(std::span(values[unit]).subspan(1));
      counted.push_back(long_enough(periods, run));
      if (!run.arrived()) continue;
      std::vector<TableValue> row = {std::int64_t{arm.classes}, std::int64_t{s}, periods};
      for (const TableValue& cell : stabilization_cells(run)) row.push_back(cell);
      table.add_row(row);
    }
    const std::string where = std::to_string(arm.classes) + " classes";
    judge_stabilization({"D3", ", " + where, 0.0025 * critical, false}, runs, counted, report.findings);
    const auto shown = std::find(counted.begin(), counted.end(), true);
    if (shown != counted.end())
      report.figures.push_back(
          curve_figure(std::to_string(arm.classes) + "-classes",
                       stabilization_panels(runs[static_cast<std::size_t>(shown - counted.begin())], critical)));
  }
  report.tables.emplace_back("runs", std::move(table));
  return report;
}

}  // namespace

Study self_stabilization_images() {
  return {"self-stabilization-images",
          "D3",
          "Does the constrained trajectory predict gradient descent at the edge of stability for networks on images?",
          "Damian, Nichani & Lee 2022, arXiv 2209.15594",
          "over seeds: ⟨x²⟩/⟨δ²⟩ within 10% of 1; ⟨S⟩ within 0.25% of S* (as 0.05 of 20); errors of S at most 0.5 "
          "(plain) and 0.3 (generalized) of rms(S − S*), the generalized no larger than the plain; mean loss within "
          "5%; distance at most half of that to gradient flow; L† rises at no more than 1% of the steps. A run ends "
          "when the second eigenvalue exceeds 0.95 S*; of fewer than three periods √2π/ε it is excluded, unless it "
          "ended because it left its prediction",
          run_self_stabilization_images};
}

}  // namespace brink::analysis
