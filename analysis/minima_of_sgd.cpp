// A5: sharpness and non-uniformity of the minima that SGD finds, against the box of Wu, Ma & E.

#include <cmath>

#include "analysis/list.hpp"
#include "analysis/non_uniformity.hpp"
#include "analysis/training_runs.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/curvature/linearization.hpp"
#include "brink/report/curve_figure.hpp"

namespace brink::analysis {
namespace {

struct MinimaArm {
  std::string rule;
  double momentum;
  double eta;
  Index batch;  ///< 0: all
  std::string published;
};

const std::vector<MinimaArm>& minima_arms() {
  static const std::vector<MinimaArm> all = {{"sgd", 0, 0.05, 0, "39.3 of 40"},
                                             {"sgd", 0, 0.1, 0, "19.6 of 20"},
                                             {"sgd", 0, 0.5, 0, "3.9 of 4"},
                                             {"sgd", 0, 0.1, 10, "8.0"},
                                             {"sgd", 0, 0.5, 10, "1.24"},
                                             {"sgd", 0, 0.5, 25, "2.3"},
                                             {"heavy-ball", 0.4, 0.1, 0, "27.5 of 28"},
                                             {"heavy-ball", 0.8, 0.1, 0, "35.4 of 36"},
                                             {"heavy-ball", 0.4, 0.1, 10, "5.2"},
                                             {"heavy-ball", 0.8, 0.1, 10, "1.2"}};
  return all;
}

constexpr Index kQuickSamples = 256, kFullSamples = 1000;

RunSetting setting_of(const MinimaArm& arm, bool full, std::uint64_t seed) {
  RunSetting setting;
  setting.rule = arm.rule;
  setting.momentum = arm.momentum;
  setting.eta = arm.eta;
  setting.batch = arm.batch;
  setting.steps = arm.batch == 0 ? (full ? 20000 : 6000) : (full ? 200000 : 40000);
  setting.record_every = 101;
  setting.seed = seed;
  setting.stop = {{"loss", false, 1e-4}};
  return setting;
}

/// λ_max at the end, non-uniformity of the Gauss–Newton rows, loss, steps.
std::vector<double> run_arm(const MinimaArm& arm, bool full, std::uint64_t seed, const Monitor& monitor) {
  const Task task = image_task(full ? kFullSamples : kQuickSamples, 2, {32, 32}, "relu", seed);
  const RunSetting setting = setting_of(arm, full, seed);
  Vector theta;
  const Trace trace = trace_of(train_run(task, setting, monitor, &theta), setting);
  if (trace.diverged) return {std::nan(""), std::nan(""), std::nan(""), trace.rows.empty() ? 0 : trace.rows.back()[0]};
  const auto objective = task.precise();
  const auto top = top_curvature(*objective, theta, objective->all());
  const double s = non_uniformity(linearize_at(*objective, theta));
  return {top.values.front().value, s, trace.rows.back()[1], trace.rows.back()[0]};
}

StudyReport run_minima_of_sgd(const StudyContext& context) {
  const int seeds = context.choose(3, 6);
  std::vector<StudyUnit> units;
  for (std::size_t a = 0; a < minima_arms().size(); ++a) {
    for (int s = 0; s < seeds; ++s) {
      const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
      const bool full = context.full;
      units.push_back(
          {"arm " + std::to_string(a) + " seed " + std::to_string(s),
           [a, full, seed](const Monitor& monitor) { return run_arm(minima_arms()[a], full, seed, monitor); }});
    }
  }
  const auto values = context.measure(units);
  StudyReport report;
  Table table({{"rule"},
               {"momentum"},
               {"eta"},
               {"batch"},
               {"seed"},
               {"lambda_max"},
               {"edge"},
               {"non_uniformity"},
               {"box_non_uniformity"},
               {"loss"},
               {"steps"}});
  CurvePanel edges{"", "2(1+β)/η", "λ_max at the minimum", true, true, {}};
  Curve found{"full batch", CurveKind::points, 1, {}}, line{"edge", CurveKind::dashed, 7, {}};
  Curve small{"mini-batches", CurveKind::points, 2, {}};
  std::size_t unit = 0;
  const auto n = static_cast<double>(context.full ? kFullSamples : kQuickSamples);
  for (const MinimaArm& arm : minima_arms()) {
    const double edge = 2 * (1 + arm.momentum) / arm.eta;
    std::vector<double> share, outside;
    for (int s = 0; s < seeds; ++s, ++unit) {
      const auto& v = values[unit];
      const double b = arm.batch == 0 ? n : static_cast<double>(arm.batch);
      const double box = arm.batch == 0 ? std::nan("") : std::sqrt(b) / arm.eta;
      const bool arrived = v[2] <= 1.01e-4;
      share.push_back(arrived ? v[0] / edge : std::nan(""));
      outside.push_back(arrived ? v[1] / box : std::nan(""));
      table.add_row({arm.rule, arm.momentum, arm.eta, static_cast<std::int64_t>(b), std::int64_t{s}, v[0], edge, v[1],
                     box, v[2], v[3]});
    }
    const SeedMean m = seed_mean(share);
    const std::string where = (arm.momentum == 0 ? "SGD" : "heavy ball; β = " + shortest(arm.momentum)) +
                              "; η = " + shortest(arm.eta) +
                              (arm.batch == 0 ? "; full batch" : "; B = " + std::to_string(arm.batch));
    if (arm.batch == 0) {
      report.findings.push_back(
          judge_equal({"A5", "λ_max at the minimum over 2(1+β)/η; " + where, arm.published}, share, 0.95, 0.08));
      line.points.push_back({edge, edge});
    } else {
      report.findings.push_back(
          judge_at_most({"A5", "λ_max at the minimum over 2(1+β)/η; " + where, arm.published}, share, 0.9));
      if (arm.momentum == 0)
        report.findings.push_back(
            judge_at_most({"A5", "non-uniformity over the side √B/η of the box; " + where}, outside, 1));
    }
    if (m.seeds > 0)
      (arm.batch == 0 ? found : small).points.push_back({edge, m.mean * edge, m.lower * edge, m.upper * edge});
  }
  edges.curves = {line, found, small};
  report.figures.push_back(curve_figure("minima-of-sgd", {edges}));
  report.tables.emplace_back("minima", std::move(table));
  report.reductions.push_back(
      "two classes and labels ±1 with the mean of half squares, so that absolute curvatures differ from the published "
      "ones; a 784-32-32-1 ReLU network" +
      std::string(context.full ? "" : "; 3 seeds and n = 256 (full: 6 and 1000)"));
  return report;
}

}  // namespace

Study minima_of_sgd() {
  return {"minima-of-sgd",
          "A5",
          "Do gradient descent and SGD find minima just inside their stability limits?",
          "Wu, Ma & E 2018; Wu, Wang & Su 2022, arXiv 2207.02628",
          "trained to loss 1e-4: lambda_max within 8% of 0.95 times 2(1+beta)/eta at full batch, at most 0.9 times it "
          "with mini-batches, whose non-uniformity is at most sqrt(B)/eta; runs that do not arrive are excluded",
          run_minima_of_sgd};
}

}  // namespace brink::analysis
