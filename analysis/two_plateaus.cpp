// B1, B6, B7, C1, C5: where batch sharpness and the largest eigenvalue settle, with and without momentum.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/list.hpp"
#include "analysis/plateau_levels.hpp"
#include "analysis/training_runs.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/curvature/spectral_density.hpp"
#include "brink/network/models.hpp"
#include "brink/report/curve_figure.hpp"

namespace brink::analysis {
namespace {

constexpr double kInitialScale = 0.5 * std::numbers::sqrt3;  // uniform with standard deviation .5/√fan_in
constexpr Index kMatchedBatch = 16;                          // of C5: at smaller ones SGD mostly diverges
constexpr Index kLongBatches = 64;                           // up to here sharpness rises slowly, and steps are cheap

struct PlateauArm {
  std::string name;
  std::string rule;
  double momentum;
  double eta;   ///< of the paper's loss; η/(1−β) is .3 in all
  double high;  ///< η times the full-batch edge
};

const std::vector<PlateauArm>& plateau_arms() {
  static const std::vector<PlateauArm> all = {{"SGD", "sgd", 0, 0.3, 2},
                                              {"heavy ball; β = 0.5", "heavy-ball", 0.5, 0.15, 3},
                                              {"Nesterov; β = 0.5", "nesterov", 0.5, 0.15, 1.5}};
  return all;
}
enum Arm : std::size_t { kSgd, kHeavyBall, kNesterov };

std::vector<Index> plateau_batch_sizes(bool full) {
  return full ? std::vector<Index>{8, 16, 32, 64, 128, 256, 512, 1024} : std::vector<Index>{8, 16, 64, 1024};
}

RunSetting setting_of(const PlateauArm& arm, Index batch, bool full, std::uint64_t seed) {
  RunSetting setting;
  setting.rule = arm.rule;
  setting.momentum = arm.momentum;
  setting.eta = kLossFactor * arm.eta;
  setting.batch = batch;
  setting.steps = batch <= kLongBatches ? (full ? 60000 : 8000) : (full ? 16000 : 4000);
  setting.record_every = setting.steps / 100 + 1;  // odd: both sides of an oscillation are seen
  setting.seed = seed;
  setting.initial_scale = kInitialScale;
  setting.probes = {"sharpness", "batch_sharpness"};
  setting.probe_error = 0.05;
  setting.stop = {{"loss", false, kTrainingOver}};
  return setting;
}

/// B7: what looks like a plateau and is none. A step size ten times smaller never meets an edge; a batch of one sample
/// is too noisy to train.
RunSetting control_setting(bool small_step, bool full, std::uint64_t seed) {
  RunSetting setting = setting_of(plateau_arms()[kSgd], 64, full, seed);
  setting.steps = full ? 16000 : 4000;
  setting.record_every = setting.steps / 100 + 1;
  if (small_step) {
    setting.eta /= 10;
  } else {
    setting.batch = 1;
  }
  return setting;
}

/// The trace, then θ − θ₀ at the end.
std::vector<double> plateau_run(const RunSetting& setting, std::uint64_t seed, const Monitor& monitor) {
  const Task task = teacher_task(seed);
  Vector theta;
  std::vector<double> values = train_run(task, setting, monitor, &theta);
  const Vector start = initial_parameters(task.network, setting.initialization, setting.initial_scale, setting.seed);
  values.insert(values.begin(), static_cast<double>(start.size()));
  for (Index i = 0; i < theta.size(); ++i) values.push_back(theta[i] - start[i]);
  return values;
}

/// What plateau_run has kept.
struct PlateauRun {
  Trace trace;
  Vector way;  ///< θ − θ₀

  PlateauRun(const std::vector<double>& values, const RunSetting& setting) {
    const auto p = static_cast<std::ptrdiff_t>(values.front());
    trace = trace_of({values.begin() + 1, values.end() - p}, setting);
    way = Eigen::Map<const Vector>(values.data() + values.size() - p, p);
  }

  [[nodiscard]] bool counts() const { return is_plateau(trace, "batch_sharpness"); }

  /// The mean late in a run that passes the gate; NaN for others.
  [[nodiscard]] double level(const std::string& column) const {
    return counts() ? trace.late_mean(column) : std::nan("");
  }
};

using Levels = std::vector<std::vector<double>>;  ///< by batch size, then by seed

void judge_levels(const std::vector<Index>& batches, const Levels& sharpness, const Levels& top, StudyReport& report,
                  std::size_t a) {
  const PlateauArm& arm = plateau_arms()[a];
  if (a == kSgd) {
    for (std::size_t b = 0; b < batches.size(); ++b) {
      const std::string published = batches[b] == 16     ? "1.87"
                                    : batches[b] == 64   ? "1.93"
                                    : batches[b] == 256  ? "2.27"
                                    : batches[b] == 1024 ? "2.00"
                                                         : "";
      report.findings.push_back(judge_equal(
          {"B1", "SGD: η·batch sharpness at B = " + std::to_string(batches[b]), published}, sharpness[b], 2, 0.3));
    }
    std::vector<double> rise, slopes;
    for (std::size_t s = 0; s < sharpness.front().size(); ++s) {
      rise.push_back(top.front()[s] / top.back()[s]);
      std::vector<double> tops;
      for (const auto& one : top) tops.push_back(one[s]);
      slopes.push_back(gap_slope(batches, tops));
    }
    report.findings.push_back(
        judge_at_most({"B1", "SGD: λ_max at the smallest batch over that at full batch"}, rise, 0.9));
    report.findings.push_back(
        judge_equal({"B6", "slope of ln(gap of λ_max below its full-batch plateau) against ln B", "−1.27 (theory −1)"},
                    slopes, -1, 0.3));
    return;
  }
  const std::string published = a == kHeavyBall ? "3.00" : "";
  report.findings.push_back(judge_equal({"C1", arm.name + ": η·batch sharpness at full batch", published},
                                        sharpness.back(), arm.high, 0.1 * arm.high));
  const double low = 2 * (1 - arm.momentum);
  report.findings.push_back(judge_equal({"C1", arm.name + ": η·batch sharpness at B = 8", a == kHeavyBall ? ".87" : ""},
                                        sharpness.front(), low, 0.2 * low));
  if (a == kNesterov) return;
  std::vector<double> steps_up;
  for (std::size_t s = 0; s < sharpness.front().size(); ++s) {
    std::vector<double> levels;
    for (const auto& one : sharpness) levels.push_back(one[s]);
    steps_up.push_back(smallest_rise(levels));
  }
  report.findings.push_back(judge_at_least(
      {"C1", "heavy ball: smallest rise of η·batch sharpness from one batch size to the next (monotone: ≥ −0.1)"},
      steps_up, -0.1));
}

/// C5: at a small batch and equal η/(1−β) the same λ_max at different places; at B = 64 Nesterov is nearer its own
/// level.
void judge_matched(const std::vector<Index>& batches, const std::vector<std::vector<std::vector<PlateauRun>>>& runs,
                   StudyReport& report) {
  const auto top = [&](std::size_t arm, std::size_t b, std::size_t s) { return runs[arm][b][s].level("sharpness"); };
  const auto place = [&](Index batch) {
    return static_cast<std::size_t>(std::find(batches.begin(), batches.end(), batch) - batches.begin());
  };
  const std::size_t small = place(kMatchedBatch), b64 = place(64);
  for (const std::size_t arm : {kHeavyBall, kNesterov}) {
    std::vector<double> ratio, apart;
    for (std::size_t s = 0; s < runs[kSgd].front().size(); ++s) {
      ratio.push_back(top(arm, small, s) / top(kSgd, small, s));
      const PlateauRun &one = runs[arm][small][s], &sgd = runs[kSgd][small][s];
      apart.push_back(one.counts() && sgd.counts() ? (one.way - sgd.way).norm() / sgd.way.norm() : std::nan(""));
    }
    const std::string what = arm == kHeavyBall ? "heavy ball" : "Nesterov";
    report.findings.push_back(judge_equal(
        {"C5", "λ_max of " + what + " over that of SGD; equal η/(1−β); B = 16", arm == kHeavyBall ? "1.02" : "1.11"},
        ratio, 1, 0.15));
    report.findings.push_back(judge_at_least(
        {"C5", "distance of " + what + " from SGD at the end over the way from the start; same batches; B = 16"}, apart,
        0.1));
  }
  std::vector<double> nearer;
  for (std::size_t s = 0; s < runs[kSgd].front().size(); ++s) {
    const auto share = [&](std::size_t arm) {
      return kLossFactor * plateau_arms()[arm].eta * top(arm, b64, s) / plateau_arms()[arm].high;
    };
    nearer.push_back(share(kNesterov) / share(kHeavyBall));
  }
  report.findings.push_back(judge_at_least(
      {"C5", "share of its own full-batch level at B = 64: Nesterov over heavy ball", ".82 and .19"}, nearer, 1.5));
}

/// The gap of B6 with its slope, on log-log axes.
CurvePanel gap_panel(const std::vector<Index>& batches, const std::vector<std::vector<PlateauRun>>& runs) {
  CurvePanel panel{"SGD", "batch size B", "η(λ_max at full batch − λ_max)", true, true, {}};
  Curve gap{"measured", CurveKind::joined, 1, {}}, slope{"slope −1", CurveKind::dashed, 7, {}};
  for (std::size_t b = 0; b + 1 < batches.size(); ++b) {
    std::vector<double> gaps;
    for (std::size_t s = 0; s < runs[b].size(); ++s)
      gaps.push_back(kLossFactor * plateau_arms()[kSgd].eta *
                     (runs.back()[s].level("sharpness") - runs[b][s].level("sharpness")));
    const SeedMean m = seed_mean(gaps);
    const auto x = static_cast<double>(batches[b]);
    if (!(m.mean > 0)) continue;
    gap.points.push_back({x, m.mean, m.lower, m.upper});
    slope.points.push_back({x, gap.points.front().y * gap.points.front().x / x});
  }
  panel.curves = {gap, slope};
  return panel;
}

/// The density of the eigenvalues of the Hessian where runs of SGD have ended.
CurvePanel spectrum_panel(const std::vector<Index>& batches, const std::vector<std::vector<PlateauRun>>& runs,
                          std::uint64_t seed) {
  CurvePanel panel{"SGD, where training has ended", "η·eigenvalue", "density", false, true, {}};
  const Task task = teacher_task(seed);
  const auto objective = task.precise();
  const Vector start = initial_parameters(task.network, "default", kInitialScale, seed);
  const double eta = kLossFactor * plateau_arms()[kSgd].eta;
  for (const std::size_t b : {std::size_t{0}, batches.size() / 2, batches.size() - 1}) {
    if (!runs[b].front().counts()) continue;
    HessianOperator<double> hessian(*objective, start + runs[b].front().way, objective->all());
    const SpectralDensity found = spectral_density(hessian.as_operator(), {});
    Curve curve{"B = " + std::to_string(batches[b]), CurveKind::line, static_cast<int>(panel.curves.size()) + 1, {}};
    const double one = 1 / (static_cast<double>(start.size()) * found.broadening * std::sqrt(2 * std::numbers::pi));
    for (Index i = 0; i < found.at.size(); ++i)  // down to a tenth of the height of a single eigenvalue
      curve.points.push_back({eta * found.at[i], std::max(0.1 * one, found.density[i]) / eta});
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

StudyReport run_two_plateaus(const StudyContext& context) {
  const auto batches = plateau_batch_sizes(context.full);
  const std::size_t seeds = context.choose(3, 6);
  std::vector<StudyUnit> units;
  std::vector<RunSetting> settings;
  const auto add = [&](const std::string& key, RunSetting setting) {
    settings.push_back(setting);
    units.push_back({key + " seed " + std::to_string(setting.seed),
                     [setting](const Monitor& monitor) { return plateau_run(setting, setting.seed, monitor); }});
  };
  const auto seed_of = [&](std::size_t s) { return context.seed + static_cast<std::uint64_t>(s); };
  for (const PlateauArm& arm : plateau_arms())
    for (const Index batch : batches)
      for (std::size_t s = 0; s < seeds; ++s)
        add(arm.rule + " B " + std::to_string(batch), setting_of(arm, batch, context.full, seed_of(s)));
  for (const bool small_step : {true, false})
    for (std::size_t s = 0; s < seeds; ++s)
      add(small_step ? "small step" : "single samples", control_setting(small_step, context.full, seed_of(s)));
  const auto values = context.measure(units);

  StudyReport report;
  Table table({{"rule"},
               {"momentum"},
               {"batch"},
               {"eta"},
               {"seed"},
               {"plateau"},
               {"eta_batch_sharpness"},
               {"eta_lambda_max"},
               {"loss"},
               {"diverged"}});
  std::vector<CurvePanel> panels;
  std::vector<std::vector<std::vector<PlateauRun>>> runs(plateau_arms().size());
  std::size_t unit = 0;
  const auto take = [&] {
    const RunSetting& setting = settings[unit];
    PlateauRun run(values[unit++], setting);
    table.add_row({setting.rule, setting.momentum, static_cast<std::int64_t>(setting.batch), setting.eta,
                   static_cast<std::int64_t>(setting.seed), run.counts(),
                   setting.eta * run.trace.late_mean("batch_sharpness"), setting.eta * run.trace.late_mean("sharpness"),
                   run.trace.late_mean("loss"), run.trace.diverged});
    return run;
  };
  for (std::size_t a = 0; a < plateau_arms().size(); ++a) {
    const PlateauArm& arm = plateau_arms()[a];
    const double eta = kLossFactor * arm.eta;
    CurvePanel levels{arm.name, "batch size B", "η·curvature", true, false, {}};
    CurvePanel traces{arm.name, "step", "η·batch sharpness", false, false, {}};
    Curve sharpness{"η·batch sharpness", CurveKind::joined, 1, {}};
    Curve top{"η·λ_max", CurveKind::joined, 2, {}};
    Levels batch_means, top_means;
    for (std::size_t b = 0; b < batches.size(); ++b) {
      std::vector<double> bs, lambda;
      auto& here = runs[a].emplace_back();
      for (std::size_t s = 0; s < seeds; ++s) {
        here.push_back(take());
        const PlateauRun& run = here.back();
        bs.push_back(eta * run.level("batch_sharpness"));
        lambda.push_back(eta * run.level("sharpness"));
        if (s == 0 && (b == 0 || b + 1 == batches.size() || b == batches.size() / 2))
          traces.curves.push_back({"B = " + std::to_string(batches[b]), CurveKind::line,
                                   static_cast<int>(traces.curves.size()) + 1,
                                   curve_of(run.trace, "batch_sharpness", eta)});
      }
      const SeedMean m = seed_mean(bs), t = seed_mean(lambda);
      const auto x = static_cast<double>(batches[b]);
      sharpness.points.push_back({x, m.mean, m.lower, m.upper});
      top.points.push_back({x, t.mean, t.lower, t.upper});
      batch_means.push_back(std::move(bs));
      top_means.push_back(std::move(lambda));
    }
    const auto first = static_cast<double>(batches.front());
    const auto last = static_cast<double>(batches.back());
    const auto steps = static_cast<double>(setting_of(arm, batches.front(), context.full, 0).steps);
    levels.curves = {sharpness, top, {"full-batch edge", CurveKind::dashed, 7, {{first, arm.high}, {last, arm.high}}}};
    if (arm.momentum != 0) {
      const double low = 2 * (1 - arm.momentum);
      levels.curves.push_back({"2(1−β)", CurveKind::dashed, 4, {{first, low}, {last, low}}});
    }
    traces.curves.push_back({"full-batch edge", CurveKind::dashed, 7, {{0, arm.high}, {steps, arm.high}}});
    panels.push_back(std::move(levels));
    panels.push_back(std::move(traces));
    judge_levels(batches, batch_means, top_means, report, a);
  }
  judge_matched(batches, runs, report);
  panels.push_back(gap_panel(batches, runs[kSgd]));
  panels.push_back(spectrum_panel(batches, runs[kSgd], context.seed));
  for (const bool small_step : {true, false}) {
    std::vector<double> passed;
    for (std::size_t s = 0; s < seeds; ++s) passed.push_back(take().counts() ? 1 : 0);
    report.findings.push_back(
        judge_exact({"B7", small_step ? "runs with a tenth of the step size that the gate takes for a plateau; B = 64"
                                      : "runs with batches of one sample that the gate takes for a plateau"},
                    passed, 0));
  }
  report.figures.push_back(curve_figure("two-plateaus", panels));
  report.tables.emplace_back("plateaus", std::move(table));
  report.reductions.push_back(context.full
                                  ? "6 seeds; synthetic teacher instead of image data"
                                  : "3 seeds, 8000 steps to B = 64 and 4000 above (full: 6, 60000 and 16000); 4 "
                                    "batch sizes (full: 8); synthetic teacher instead of image data");
  return report;
}

}  // namespace

Study two_plateaus() {
  return {
      "two-plateaus",
      "B1, B6, B7, C1, C5",
      "Where do batch sharpness and the largest eigenvalue settle during training, with and without momentum?",
      "Andreyev & Beneventano 2024, arXiv 2412.20553; Andreyev et al. 2026, arXiv 2604.14108",
      "means over the last 40% of the records until the loss is 5e-5, of runs that pass the gate: late loss below 80% "
      "of "
      "the first, batch sharpness of the last fifth within 10% of the fifth before; eta*BS within 15% of 2 for SGD at "
      "every "
      "batch size; with momentum within 10% of the full-batch edge at full batch, within 20% of 2(1-beta) at B = 8, "
      "monotone between (0.1); slope of the gap within 0.3 of -1; at equal eta/(1-beta) and B = 16 lambda_max within "
      "15% of that of SGD at parameters at least 10% of the way apart, at B = 64 Nesterov nearer its level by 1.5; "
      "the gate takes no run for a plateau that has a tenth of the step size or batches of one",
      run_two_plateaus};
}

}  // namespace brink::analysis
