// C8, B5 and the open question of the field: does training sit at the mean-square edge of its own linearization, at the
// almost-sure edge, or inside?

#include <cmath>
#include <random>

#include "analysis/list.hpp"
#include "analysis/training_runs.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/curvature/linearization.hpp"
#include "brink/network/models.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/simulation/growth.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink::analysis {
namespace {

constexpr double kEffectiveRate = 0.2;  // η/(1−β), the same for every momentum

struct SittingArm {
  double momentum;
  Index batch;
};

std::vector<SittingArm> sitting_arms() {
  std::vector<SittingArm> all;
  for (const double momentum : {0.0, 0.5, 0.9}) {
    for (const Index batch : {4, 8, 32, 128, 256}) all.push_back({momentum, batch});
  }
  return all;
}

RunSetting setting_of(const SittingArm& arm, bool full, std::uint64_t seed) {
  RunSetting setting;
  setting.rule = arm.momentum == 0 ? "sgd" : "heavy-ball";
  setting.momentum = arm.momentum;
  setting.eta = kEffectiveRate * (1 - arm.momentum);
  setting.batch = arm.batch;
  setting.steps = full ? 20000 : 6000;
  setting.record_every = full ? 401 : 201;
  setting.seed = seed;
  setting.probes = {"sharpness", "batch_sharpness", "batch_lambda_max", "eta_over_threshold"};
  setting.probe_error = 0.05;
  return setting;
}

/// The trace, then at the end of the run: Lyapunov exponent of the frozen linearization, its error, ln ρ.
std::vector<double> run_arm(const SittingArm& arm, bool full, std::uint64_t seed, const Monitor& monitor) {
  const Task task = small_task(seed);
  const RunSetting setting = setting_of(arm, full, seed);
  Vector theta;
  std::vector<double> values = train_run(task, setting, monitor, &theta);
  double lyapunov = std::nan(""), error = std::nan(""), growth = std::nan("");
  if (values.front() == 0) {
    const auto objective = task.precise();
    const LinearizedModel model = linearize_at(*objective, theta);
    Dynamics dynamics{rule_with(setting.rule, arm.momentum), make_batch_law("without-replacement"), arm.batch,
                      setting.eta, seed};
    growth = mean_square_growth(model, *dynamics.rule, *dynamics.law, arm.batch, setting.eta).log_growth;
    SimulationOptions options;
    options.replicas = 16;
    options.steps = 4000;
    options.burn_in = 1000;
    const auto measured =
        lyapunov_exponent(*make_linear_engine(model, dynamics), dynamics, options, {{}, monitor.interrupted});
    lyapunov = measured.log_growth.value;
    error = measured.log_growth.error;
  }
  values.insert(values.begin(), {lyapunov, error, growth});
  return values;
}

constexpr std::size_t kBefore = 3;  // numbers before the trace

/// Gradient descent with Gaussian noise of the covariance of mini-batch gradients at every step: λ_max late in the run.
std::vector<double> noisy_descent(Index batch, bool full, std::uint64_t seed, const Monitor& monitor) {
  const Task task = small_task(seed);
  const auto objective = task.single();
  const RunSetting setting = setting_of(SittingArm{0, batch}, full, seed);
  VectorOf<float> theta =
      initial_parameters(task.network, setting.initialization, setting.initial_scale, seed).cast<float>();
  const Index n = objective->samples();
  const double p1 = static_cast<double>(n - batch) / static_cast<double>(batch * (n - 1));
  std::mt19937_64 random(seed + 77);
  std::normal_distribution<float> normal;
  RowMatrixOf<float> jacobian, residual;
  VectorOf<float> gradient;
  std::vector<Vector> starts;
  double sum = 0;
  int records = 0;
  const Index late = static_cast<Index>(0.6 * static_cast<double>(setting.steps));
  for (Index step = 0; step < setting.steps; ++step) {
    if (step % 256 == 0) {
      monitor.check();
      monitor.report(static_cast<double>(step) / static_cast<double>(setting.steps));
    }
    objective->jacobian(theta, objective->all(), jacobian);
    objective->residuals(theta, objective->all(), residual);
    // g = Σ_k (1/n + √(p₁/n)(ζ_k − mean ζ)) r_k J_k has mean ∇L and the covariance of the batch gradients.
    VectorOf<float> weights(n);
    for (Index k = 0; k < n; ++k) weights[k] = normal(random);
    weights.array() -= weights.mean();
    weights =
        (static_cast<float>(std::sqrt(p1 / static_cast<double>(n))) * weights.array() + 1.0F / static_cast<float>(n)) *
        residual.col(0).array();
    gradient.noalias() = jacobian.transpose() * weights;
    theta -= static_cast<float>(setting.eta) * gradient;
    if (!theta.allFinite()) return {std::nan("")};
    if (step >= late && step % setting.record_every == 0) {
      const TopCurvature top = top_curvature(*objective, theta, objective->all(), 1, starts);
      starts = top.vectors;
      sum += top.values.front().value;
      ++records;
    }
  }
  return {sum / records};
}

StudyReport run_where_training_sits(const StudyContext& context) {
  constexpr int seeds = 3;
  const auto all = sitting_arms();
  const bool full = context.full;
  std::vector<StudyUnit> units;
  for (const SittingArm& arm : all) {
    for (int s = 0; s < seeds; ++s) {
      const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
      units.push_back(
          {"beta " + shortest(arm.momentum) + " B " + std::to_string(arm.batch) + " seed " + std::to_string(s),
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
               {"batch"},
               {"seed"},
               {"eta_over_threshold"},
               {"eta_batch_sharpness"},
               {"eta_lambda_max"},
               {"eta_batch_lambda_gap"},
               {"log_growth_at_end"},
               {"lyapunov_at_end"},
               {"lyapunov_error"},
               {"loss"},
               {"diverged"}});
  CurvePanel share{"late in training", "batch size B", "η/η*(θ)", true, false, {}};
  std::vector<CurvePanel> along;
  std::size_t unit = 0;
  std::vector<std::vector<double>> lambda(all.size());
  for (std::size_t a = 0; a < all.size(); ++a) {
    const SittingArm& arm = all[a];
    const RunSetting setting = setting_of(arm, full, 0);
    std::vector<double> shares, gaps, exponents;
    for (int s = 0; s < seeds; ++s, ++unit) {
      const std::vector<double>& v = values[unit];
      const Trace trace = trace_of({v.begin() + kBefore, v.end()}, setting);
      const double gap =
          setting.eta * (trace.late_mean("batch_lambda_max") - trace.late_mean("sharpness")) / (1 - arm.momentum);
      shares.push_back(trace.late_mean("eta_over_threshold"));
      gaps.push_back(gap);
      exponents.push_back(v[0]);
      lambda[a].push_back(trace.late_mean("sharpness"));
      table.add_row({arm.momentum, static_cast<std::int64_t>(arm.batch), std::int64_t{s}, shares.back(),
                     setting.eta * trace.late_mean("batch_sharpness"), setting.eta * lambda[a].back(), gap, v[2], v[0],
                     v[1], trace.late_mean("loss"), trace.diverged});
      if (s == 0) {
        if (along.empty() || along.back().title != "β = " + shortest(arm.momentum))
          along.push_back({"β = " + shortest(arm.momentum), "step", "η/η*(θ)", false, false, {}});
        along.back().curves.push_back({"B = " + std::to_string(arm.batch), CurveKind::line,
                                       static_cast<int>(along.back().curves.size()) + 1,
                                       curve_of(trace, "eta_over_threshold")});
      }
    }
    const SeedMean m = seed_mean(shares);
    if (a % 5 == 0)
      share.curves.push_back({"β = " + shortest(arm.momentum), CurveKind::joined, static_cast<int>(a / 5) + 1, {}});
    share.curves.back().points.push_back({static_cast<double>(arm.batch), m.mean, m.lower, m.upper});
    const std::string where = "β = " + shortest(arm.momentum) + "; B = " + std::to_string(arm.batch);
    if (arm.batch == kSmallTaskSamples) {
      report.findings.push_back(judge_equal({"C8", "η/η* at full batch; " + where}, shares, 1, 0.1));
    } else {
      report.findings.push_back(judge_at_most(
          {"C8", "η/η* (1 is the mean-square edge); " + where, arm.batch == 8 ? "1/1.2 to 1/1.3" : ""}, shares, 1));
    }
    if (arm.batch == 8) {
      report.findings.push_back(
          judge_equal({"C8", "η(E λ_max(H_B) − λ_max(H))/(1−β); " + where, "2 ± 30%"}, gaps, 2, 0.6));
      report.findings.push_back(judge_at_most(
          {"C8", "Lyapunov exponent of the frozen linearization at the end (0 is the almost-sure edge); " + where},
          exponents, 0));
    }
  }
  for (auto& panel : along)
    panel.curves.push_back({"mean-square edge",
                            CurveKind::dashed,
                            7,
                            {{0, 1}, {static_cast<double>(setting_of(all.front(), full, 0).steps), 1}}});
  share.curves.push_back({"mean-square edge", CurveKind::dashed, 7, {{4, 1}, {256, 1}}});
  std::vector<CurvePanel> panels = {share};
  panels.insert(panels.end(), along.begin(), along.end());
  report.figures.push_back(curve_figure("where-training-sits", panels));

  std::vector<double> noisy, ratio;
  Table controls({{"seed"}, {"lambda_max_sgd"}, {"lambda_max_noisy_descent"}, {"lambda_max_full_batch"}});
  for (int s = 0; s < seeds; ++s) {
    const auto i = static_cast<std::size_t>(s);
    noisy.push_back(values[first_noisy + i].front());
    ratio.push_back(noisy.back() / lambda[1][i]);
    controls.add_row({std::int64_t{s}, lambda[1][i], noisy.back(), lambda[4][i]});
  }
  report.findings.push_back(judge_at_least(
      {"B5", "λ_max under gradient descent with noise of the same covariance over that under SGD; B = 8"}, ratio, 1.1));
  report.tables.emplace_back("plateaus", std::move(table));
  report.tables.emplace_back("noise_controls", std::move(controls));
  report.reductions.push_back(full ? "3 seeds; a network of 1,033 parameters on 256 synthetic samples, so that every "
                                     "threshold is exact"
                                   : "3 seeds; 6000 steps (full: 20000); a network of 1,033 parameters on 256 "
                                     "synthetic samples, so that every threshold is exact");
  return report;
}

}  // namespace

Study where_training_sits() {
  return {"where-training-sits",
          "B5, C8",
          "Does training sit at the mean-square edge of its own linearization, at the almost-sure edge, or inside?",
          "Andreyev et al. 2026, arXiv 2604.14108; Agarwala & Pennington 2024, arXiv 2404.19261",
          "means over the last 40% of the records: eta/eta* is 1 within 0.1 at full batch and at most 1 elsewhere; the "
          "gap of batch curvatures is within 30% of 2; the Lyapunov exponent at the end is at most 0; noisy descent "
          "leaves lambda_max at least 1.1 times that of SGD",
          run_where_training_sits};
}

}  // namespace brink::analysis
