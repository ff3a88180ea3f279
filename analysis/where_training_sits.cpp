// C8, B5 and the open question of the field: does training sit at the mean-square edge of its own linearization, at the
// almost-sure edge, or inside?

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "analysis/list.hpp"
#include "analysis/noise_weights.hpp"
#include "analysis/training_runs.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/curvature/linearization.hpp"
#include "brink/network/models.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/simulation/growth.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink::analysis {
namespace {

constexpr double kRate = 0.2;  // of SGD
constexpr std::array<Index, 5> kSittingBatches = {4, 8, 32, 128, 256};

/// What is the same for every momentum: η/(1−β), which counts where noise dominates, or η/(1+β), which places the
/// full-batch edge.
enum class Matched { effective_rate, full_batch_edge };

struct SittingArm {
  double momentum;
  Matched matched;
  Index batch;
};

std::vector<SittingArm> sitting_arms() {
  std::vector<SittingArm> all;
  for (const Index batch : kSittingBatches) all.push_back({0, Matched::effective_rate, batch});
  for (const double momentum : {0.5, 0.9}) {
    for (const Index batch : kSittingBatches) all.push_back({momentum, Matched::effective_rate, batch});
    for (const Index batch : {32, 128, 256}) all.push_back({momentum, Matched::full_batch_edge, batch});
  }
  return all;
}

double rate_of(const SittingArm& arm) {
  return kRate * (arm.matched == Matched::effective_rate ? 1 - arm.momentum : 1 + arm.momentum);
}

/// "β = 0.5; η = 0.1".
std::string family_name(const SittingArm& arm) {
  return "β = " + shortest(arm.momentum) + "; η = " + shortest(std::round(1e6 * rate_of(arm)) / 1e6);
}

RunSetting setting_of(const SittingArm& arm, bool full, std::uint64_t seed) {
  RunSetting setting;
  setting.rule = arm.momentum == 0 ? "sgd" : "heavy-ball";
  setting.momentum = arm.momentum;
  setting.eta = rate_of(arm);
  setting.batch = arm.batch;
  const bool short_run = arm.matched == Matched::full_batch_edge;  // over in a thousand steps
  setting.steps = short_run ? 2000 : full ? 20000 : 6000;
  setting.record_every = short_run ? 21 : 101;
  setting.seed = seed;
  setting.probes = {"sharpness", "batch_sharpness_in", "batch_lambda_max", "eta_over_threshold"};
  setting.stop = {{"loss", false, kTrainingOver}};
  setting.probe_error = 0.05;
  return setting;
}

/// At the end of the run, of the frozen linearization: Lyapunov exponent, its error, ln ρ, and η times the batch
/// sharpness of its critical mode at its own threshold (docs/theory.md, (4.11)); then the trace.
std::vector<double> run_arm(const SittingArm& arm, bool full, std::uint64_t seed, const Monitor& monitor) {
  const Task task = small_task(seed);
  const RunSetting setting = setting_of(arm, full, seed);
  Vector theta;
  std::vector<double> values = train_run(task, setting, monitor, &theta);
  double lyapunov = std::nan(""), error = std::nan(""), growth = std::nan(""), critical = std::nan("");
  if (values.front() == 0) {
    const auto objective = task.precise();
    const LinearizedModel model = linearize_at(*objective, theta);
    Dynamics dynamics{rule_with(setting.rule, arm.momentum), make_batch_law("without-replacement"), arm.batch,
                      setting.eta, seed};
    growth = mean_square_growth(model, *dynamics.rule, *dynamics.law, arm.batch, setting.eta).log_growth;
    const auto threshold = mean_square_threshold(model, *dynamics.rule, *dynamics.law, arm.batch);
    critical = SampleMoments(model).in_times_eta(*dynamics.law, arm.batch, threshold).value_or(critical);
    SimulationOptions options;
    options.replicas = 16;
    options.steps = 4000;
    options.burn_in = 1000;
    const auto measured =
        lyapunov_exponent(*make_linear_engine(model, dynamics), dynamics, options, {{}, monitor.interrupted});
    lyapunov = measured.log_growth.value;
    error = measured.log_growth.error;
  }
  values.insert(values.begin(), {lyapunov, error, growth, critical});
  return values;
}

constexpr std::size_t kBefore = 4;  // numbers before the trace

/// Gradient descent with Gaussian noise of the covariance of mini-batch gradients at every step: λ_max over the
/// last 40% of the records.
std::vector<double> noisy_descent(Index batch, bool full, std::uint64_t seed, const Monitor& monitor) {
  const Task task = small_task(seed);
  const auto objective = task.single();
  const RunSetting setting = setting_of(SittingArm{0, Matched::effective_rate, batch}, full, seed);
  VectorOf<float> theta =
      initial_parameters(task.network, setting.initialization, setting.initial_scale, seed).cast<float>();
  const Index n = objective->samples();
  std::mt19937_64 random(seed + 77);
  std::normal_distribution<float> normal;
  RowMatrixOf<float> jacobian, residual;
  VectorOf<float> gradient;
  std::vector<Vector> starts;
  std::vector<double> tops;
  for (Index step = 0; step < setting.steps; ++step) {
    if (step % 256 == 0) {
      monitor.check();
      monitor.report(static_cast<double>(step) / static_cast<double>(setting.steps));
    }
    objective->jacobian(theta, objective->all(), jacobian);
    objective->residuals(theta, objective->all(), residual);
    VectorOf<float> weights(n);
    for (Index k = 0; k < n; ++k) weights[k] = normal(random);
    weights = noise_weights(weights, batch).cwiseProduct(residual.col(0));
    gradient.noalias() = jacobian.transpose() * weights;
    theta -= static_cast<float>(setting.eta) * gradient;
    if (!theta.allFinite()) return {std::nan("")};
    if (step % setting.record_every == 0) {
      const TopCurvature top = top_curvature(*objective, theta, objective->all(), 1, starts);
      starts = top.vectors;
      tops.push_back(top.values.front().value);
      if (0.5 * residual.col(0).squaredNorm() / static_cast<float>(n) < kTrainingOver) break;
    }
  }
  if (tops.size() < 20) return {std::nan("")};
  const auto late = static_cast<std::ptrdiff_t>(2 * tops.size() / 5);
  return {std::accumulate(tops.end() - late, tops.end(), 0.0) / static_cast<double>(late)};
}

StudyReport run_where_training_sits(const StudyContext& context) {
  const auto all = sitting_arms();
  const int seeds = context.choose(3, 6);
  const bool full = context.full;
  std::vector<StudyUnit> units;
  for (const SittingArm& arm : all) {
    for (int s = 0; s < seeds; ++s) {
      const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
      units.push_back({family_name(arm) + " B " + std::to_string(arm.batch) + " seed " + std::to_string(s),
                       [arm, full, seed](const Monitor& monitor) { return run_arm(arm, full, seed, monitor); }});
    }
  }
  const std::size_t first_noisy = units.size();
  for (int s = 0; s < seeds; ++s) {
    const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
    units.push_back({"noisy descent " + std::to_string(s),
                     [full, seed](const Monitor& monitor) { return noisy_descent(8, full, seed, monitor); }});
  }
  const auto values = context.measure(units);

  StudyReport report;
  Table table({{"momentum"},
               {"eta"},
               {"batch"},
               {"seed"},
               {"plateau"},
               {"eta_over_threshold"},
               {"eta_batch_sharpness"},
               {"eta_batch_sharpness_linear"},
               {"eta_lambda_max"},
               {"eta_batch_lambda_gap"},
               {"log_growth_at_end"},
               {"lyapunov_at_end"},
               {"lyapunov_error"},
               {"loss"},
               {"diverged"}});
  CurvePanel share{"late in training", "batch size B", "η/η*(θ)", true, false, {}};
  CurvePanel levels{"late in training", "batch size B", "η·batch sharpness (ratio of means)", true, false, {}};
  CurvePanel one_run{"β = 0; B = 8", "step", "η times", false, false, {}};
  std::vector<CurvePanel> along;
  std::size_t unit = 0;
  std::vector<double> sgd_top, full_batch_top;  // λ_max at B = 8 and at full batch, β = 0
  std::string family;
  Curve theory;
  for (std::size_t a = 0; a < all.size(); ++a) {
    const SittingArm& arm = all[a];
    const RunSetting setting = setting_of(arm, full, 0);
    std::vector<double> shares, sharpness, linear, gaps, exponents;
    if (family != family_name(arm)) {
      family = family_name(arm);
      const int colour = static_cast<int>(along.size()) + 1;
      share.curves.push_back({family, CurveKind::joined, colour, {}});
      levels.curves.push_back({family, CurveKind::joined, colour, {}});
      if (!theory.points.empty()) levels.curves.insert(levels.curves.end() - 1, theory);
      theory = {"", CurveKind::dashed, colour, {}};
      along.push_back({family, "step", "η/η*(θ)", false, false, {}});
    }
    for (int s = 0; s < seeds; ++s, ++unit) {
      const std::vector<double>& v = values[unit];
      const Trace trace = trace_of({v.begin() + kBefore, v.end()}, setting);
      const bool counts = is_plateau(trace, "eta_over_threshold");
      const auto late = [&](const char* name) { return trace.late_mean(name); };
      const auto counted = [&](double value) { return counts ? value : std::nan(""); };
      const double gap = setting.eta * (late("batch_lambda_max") - late("sharpness")) / (1 - arm.momentum);
      shares.push_back(counted(late("eta_over_threshold")));
      sharpness.push_back(counted(setting.eta * late("batch_sharpness_in")));
      linear.push_back(counted(v[3]));
      gaps.push_back(counted(gap));
      exponents.push_back(counted(v[0]));
      if (arm.momentum == 0 && arm.batch == 8) sgd_top.push_back(counted(late("sharpness")));
      if (arm.momentum == 0 && arm.batch == kSmallTaskSamples) full_batch_top.push_back(counted(late("sharpness")));
      table.add_row({arm.momentum, setting.eta, static_cast<std::int64_t>(arm.batch), std::int64_t{s}, counts,
                     late("eta_over_threshold"), setting.eta * late("batch_sharpness_in"), v[3],
                     setting.eta * late("sharpness"), gap, v[2], v[0], v[1], late("loss"), trace.diverged});
      if (s == 0 && arm.momentum == 0 && arm.batch == 8) {
        one_run.curves = {{"λ_max", CurveKind::line, 1, curve_of(trace, "sharpness", setting.eta)},
                          {"batch sharpness (ratio of means)", CurveKind::line, 2,
                           curve_of(trace, "batch_sharpness_in", setting.eta)},
                          {"1/η*", CurveKind::line, 3, curve_of(trace, "eta_over_threshold")},
                          {"edges", CurveKind::dashed, 7, {{0, 2}, {trace.rows.back()[0], 2}}},
                          {"", CurveKind::dashed, 7, {{0, 1}, {trace.rows.back()[0], 1}}}};
      }
      if (s == 0 && !trace.diverged) {
        const auto place =
            std::find(kSittingBatches.begin(), kSittingBatches.end(), arm.batch) - kSittingBatches.begin();
        along.back().curves.push_back({"B = " + std::to_string(arm.batch), CurveKind::line, 1 + static_cast<int>(place),
                                       curve_of(trace, "eta_over_threshold")});
      }
    }
    const auto x = static_cast<double>(arm.batch);
    const SeedMean m = seed_mean(shares), bs = seed_mean(sharpness), lin = seed_mean(linear);
    if (m.seeds > 0) share.curves.back().points.push_back({x, m.mean, m.lower, m.upper});
    if (bs.seeds > 0) levels.curves.back().points.push_back({x, bs.mean, bs.lower, bs.upper});
    if (lin.seeds > 0) theory.points.push_back({x, lin.mean});
    const std::string where = family + "; B = " + std::to_string(arm.batch);
    report.findings.push_back(judge_equal({"C8", "η/η* (1 is the mean-square edge); " + where}, shares, 1, 0.1));
    if (arm.batch == 8) {
      report.findings.push_back(
          judge_at_most({"C8", "inside the mean-square wall: η/η*; " + where, "1/1.2 to 1/1.3"}, shares, 0.9));
      report.findings.push_back(
          judge_equal({"C8", "η(E λ_max(H_B) − λ_max(H))/(1−β); " + where, "2 ± 30%"}, gaps, 2, 0.6));
      report.findings.push_back(judge_at_most(
          {"C8", "Lyapunov exponent of the frozen linearization at the end (0 is the almost-sure edge); " + where},
          exponents, 0));
    }
  }
  if (!theory.points.empty()) levels.curves.push_back(theory);
  const auto last = static_cast<double>(setting_of(all.front(), full, 0).steps);
  for (auto& panel : along) panel.curves.push_back({"mean-square edge", CurveKind::dashed, 7, {{0, 1}, {last, 1}}});
  share.curves.push_back({"mean-square edge", CurveKind::dashed, 7, {{4, 1}, {256, 1}}});
  std::vector<CurvePanel> panels = {share, levels, one_run};
  panels.insert(panels.end(), along.begin(), along.end());
  report.figures.push_back(curve_figure("where-training-sits", panels));

  std::vector<double> noisy, ratio;
  Table controls({{"seed"}, {"lambda_max_sgd"}, {"lambda_max_noisy_descent"}, {"lambda_max_full_batch"}});
  for (int s = 0; s < seeds; ++s) {
    const auto i = static_cast<std::size_t>(s);
    noisy.push_back(values[first_noisy + i].front());
    ratio.push_back(noisy.back() / sgd_top[i]);
    controls.add_row({std::int64_t{s}, sgd_top[i], noisy.back(), full_batch_top[i]});
  }
  report.findings.push_back(judge_at_least(
      {"B5", "λ_max under gradient descent with noise of the same covariance over that under SGD; B = 8"}, ratio, 1.1));
  report.tables.emplace_back("plateaus", std::move(table));
  report.tables.emplace_back("noise_controls", std::move(controls));
  report.reductions.push_back(full ? "6 seeds; a network of 1,033 parameters on 256 synthetic samples, so that every "
                                     "threshold is exact"
                                   : "3 seeds and 6000 steps (full: 6 and 20000); a network of 1,033 parameters on 256 "
                                     "synthetic samples, so that every threshold is exact");
  return report;
}

}  // namespace

Study where_training_sits() {
  return {
      "where-training-sits",
      "B5, C8",
      "Does training sit at the mean-square edge of its own linearization, at the almost-sure edge, or inside?",
      "Andreyev et al. 2026, arXiv 2604.14108; Agarwala & Pennington 2024, arXiv 2404.19261",
      "means over the last 40% of the records until the loss is 5e-5, of runs that pass the gate (late loss below 80% "
      "of "
      "the first, eta/eta* of the last fifth within 10% of the fifth before): eta/eta* is 1 within 0.1; at most 0.9 "
      "at B = 8 if small batches sit inside the wall; the "
      "gap of batch curvatures is within 30% of 2; the Lyapunov exponent at the end is at most 0; noisy descent "
      "leaves lambda_max at least 1.1 times that of SGD",
      run_where_training_sits};
}

}  // namespace brink::analysis
