// B1, B6, B7, C1, C5: where batch sharpness and the largest eigenvalue settle, with and without momentum.

#include <algorithm>
#include <cmath>

#include "analysis/list.hpp"
#include "analysis/training_runs.hpp"
#include "brink/curvature/linearization.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink::analysis {
namespace {

struct PlateauArm {
  std::string rule;
  double momentum;
  double eta;  ///< of the paper's loss
};

const std::vector<PlateauArm>& plateau_arms() {
  static const std::vector<PlateauArm> all = {{"sgd", 0, 0.3}, {"heavy-ball", 0.5, 0.15}};
  return all;
}

std::vector<Index> plateau_batch_sizes(bool full) {
  return full ? std::vector<Index>{8, 16, 32, 64, 128, 256, 512, 1024} : std::vector<Index>{8, 32, 128, 512, 1024};
}

RunSetting setting_of(const PlateauArm& arm, Index batch, bool full, std::uint64_t seed) {
  RunSetting setting;
  setting.rule = arm.rule;
  setting.momentum = arm.momentum;
  setting.eta = kLossFactor * arm.eta;
  setting.batch = batch;
  setting.steps = full ? 12000 : 4000;
  setting.record_every = full ? 201 : 133;
  setting.seed = seed;
  setting.initial_scale = 0.5 * std::sqrt(3.0);  // uniform with standard deviation .5/√fan_in
  setting.probes = {"sharpness", "batch_sharpness"};
  setting.probe_error = 0.05;
  return setting;
}

StudyReport run_two_plateaus(const StudyContext& context) {
  constexpr int seeds = 3;
  const auto batches = plateau_batch_sizes(context.full);
  std::vector<StudyUnit> units;
  for (std::size_t a = 0; a < plateau_arms().size(); ++a) {
    for (const Index batch : batches) {
      for (int s = 0; s < seeds; ++s) {
        const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
        const RunSetting setting = setting_of(plateau_arms()[a], batch, context.full, seed);
        units.push_back(
            {"arm " + std::to_string(a) + " B " + std::to_string(batch) + " seed " + std::to_string(s),
             [setting, seed](const Monitor& monitor) { return train_run(teacher_task(seed), setting, monitor); }});
      }
    }
  }
  const auto values = context.measure(units);

  StudyReport report;
  Table table({{"rule"},
               {"momentum"},
               {"batch"},
               {"seed"},
               {"eta_batch_sharpness"},
               {"eta_lambda_max"},
               {"loss"},
               {"diverged"}});
  std::vector<CurvePanel> panels;
  std::size_t unit = 0;
  for (const PlateauArm& arm : plateau_arms()) {
    const double eta = kLossFactor * arm.eta;
    const double low = 2 * (1 - arm.momentum);
    const double high = 2 * (1 + arm.momentum);
    CurvePanel levels{arm.momentum == 0 ? "SGD" : "heavy ball; β = " + shortest(arm.momentum),
                      "batch size B",
                      "η·curvature",
                      true,
                      false,
                      {}};
    CurvePanel traces{levels.title, "step", "η·batch sharpness", false, false, {}};
    Curve sharpness{"η·batch sharpness", CurveKind::joined, 1, {}};
    Curve top{"η·λ_max", CurveKind::joined, 2, {}};
    std::vector<std::vector<double>> batch_means, top_means;
    for (std::size_t b = 0; b < batches.size(); ++b) {
      std::vector<double> bs, lambda;
      for (int s = 0; s < seeds; ++s, ++unit) {
        const RunSetting setting = setting_of(arm, batches[b], context.full, 0);
        const Trace trace = trace_of(values[unit], setting);
        bs.push_back(eta * trace.late_mean("batch_sharpness"));
        lambda.push_back(eta * trace.late_mean("sharpness"));
        table.add_row({arm.rule, arm.momentum, static_cast<std::int64_t>(batches[b]), std::int64_t{s}, bs.back(),
                       lambda.back(), trace.late_mean("loss"), trace.diverged});
        if (s == 0 && (b == 0 || b + 1 == batches.size() || b == batches.size() / 2))
          traces.curves.push_back({"B = " + std::to_string(batches[b]), CurveKind::line,
                                   static_cast<int>(traces.curves.size()) + 1,
                                   curve_of(trace, "batch_sharpness", eta)});
      }
      const SeedMean m = seed_mean(bs), t = seed_mean(lambda);
      const auto x = static_cast<double>(batches[b]);
      sharpness.points.push_back({x, m.mean, m.lower, m.upper});
      top.points.push_back({x, t.mean, t.lower, t.upper});
      batch_means.push_back(std::move(bs));
      top_means.push_back(std::move(lambda));
    }
    const auto last = static_cast<double>(batches.back());
    const double first = static_cast<double>(batches.front());
    levels.curves = {sharpness, top};
    const std::string high_name = arm.momentum == 0 ? "2" : "2(1+β)";
    levels.curves.push_back({high_name, CurveKind::dashed, 7, {{first, high}, {last, high}}});
    if (arm.momentum != 0) levels.curves.push_back({"2(1−β)", CurveKind::dashed, 4, {{first, low}, {last, low}}});
    traces.curves.push_back({high_name,
                             CurveKind::dashed,
                             7,
                             {{0, high}, {static_cast<double>(setting_of(arm, 1, context.full, 0).steps), high}}});
    panels.push_back(std::move(levels));
    panels.push_back(std::move(traces));

    if (arm.momentum == 0) {
      for (std::size_t b = 0; b < batches.size(); ++b)
        report.findings.push_back(judge_equal({"B1", "SGD: η·batch sharpness at B = " + std::to_string(batches[b]),
                                               batches[b] == 16     ? "1.87"
                                               : batches[b] == 64   ? "1.93"
                                               : batches[b] == 256  ? "2.27"
                                               : batches[b] == 1024 ? "2.00"
                                                                    : ""},
                                              batch_means[b], 2, 0.3));
      // λ_max falls with the batch size.
      std::vector<double> rise;
      for (int s = 0; s < seeds; ++s) {
        const auto i = static_cast<std::size_t>(s);
        rise.push_back(top_means.front()[i] / top_means.back()[i]);
      }
      report.findings.push_back(
          judge_at_most({"B1", "SGD: λ_max at the smallest batch over that at full batch"}, rise, 0.9));
    } else {
      report.findings.push_back(judge_equal({"C1", "heavy ball; β = 0.5: η·batch sharpness at full batch", "3.00"},
                                            batch_means.back(), high, 0.1 * high));
      report.findings.push_back(judge_equal({"C1", "heavy ball; β = 0.5: η·batch sharpness at B = 8", ".87"},
                                            batch_means.front(), low, 0.2 * low));
      std::vector<double> steps_up;
      for (int s = 0; s < seeds; ++s) {
        const auto i = static_cast<std::size_t>(s);
        double least = INFINITY;
        for (std::size_t b = 1; b < batches.size(); ++b)
          least = std::min(least, batch_means[b][i] - batch_means[b - 1][i]);
        steps_up.push_back(least);
      }
      report.findings.push_back(judge_at_least(
          {"C1", "heavy ball: smallest rise of η·batch sharpness from one batch size to the next (monotone: ≥ −0.1)"},
          steps_up, -0.1));
    }
    if (arm.momentum == 0) {
      // Slope of the gap λ_max(full) − λ_max(B) against B on log-log axes, over batches with a gap.
      std::vector<double> slopes;
      for (int s = 0; s < seeds; ++s) {
        const auto i = static_cast<std::size_t>(s);
        double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
        for (std::size_t b = 0; b + 1 < batches.size(); ++b) {
          const double gap = top_means.back()[i] - top_means[b][i];
          if (!(gap > 0)) continue;
          const double x = std::log(static_cast<double>(batches[b])), y = std::log(gap);
          n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
        }
        slopes.push_back(n >= 3 ? (n * sxy - sx * sy) / (n * sxx - sx * sx) : std::nan(""));
      }
      report.findings.push_back(judge_equal(
          {"B6", "slope of ln(gap of λ_max below its full-batch plateau) against ln B", "−1.27 (theory −1)"}, slopes,
          -1, 0.3));
    }
  }
  report.figures.push_back(curve_figure("two-plateaus", panels));
  report.tables.emplace_back("plateaus", std::move(table));
  report.reductions.push_back(context.full ? "3 seeds; synthetic teacher instead of image data"
                                           : "3 seeds; 4000 steps (full: 12000); 5 batch sizes (full: 8); synthetic "
                                             "teacher instead of image data");
  return report;
}

}  // namespace

Study two_plateaus() {
  return {
      "two-plateaus",
      "B1, B6, C1",
      "Where do batch sharpness and the largest eigenvalue settle during training, with and without momentum?",
      "Andreyev & Beneventano 2024, arXiv 2412.20553; Andreyev et al. 2026, arXiv 2604.14108",
      "means over the last 40% of the records: eta*BS within 15% of 2 for SGD at every batch size; with heavy ball "
      "within 10% of 2(1+beta) at full batch, within 20% of 2(1-beta) at B = 8, monotone between (0.1); slope of the "
      "gap within 0.3 of -1",
      run_two_plateaus};
}

}  // namespace brink::analysis
