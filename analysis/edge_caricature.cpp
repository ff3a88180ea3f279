// D1, D5, D6: the smallest problem with an edge of stability, against what is known of it in closed form.

#include <cmath>
#include <numbers>
#include <numeric>

#include "analysis/list.hpp"
#include "brink/edge/caricature.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/sampling/philox.hpp"

namespace brink::analysis {
namespace {

std::vector<double> upward_crossings(const std::vector<CaricaturePoint>& path) {
  std::vector<double> times;
  for (std::size_t t = 1; t < path.size(); ++t)
    if (path[t - 1].y < 0 && path[t].y >= 0)
      times.push_back(static_cast<double>(t) - path[t].y / (path[t].y - path[t - 1].y));
  return times;
}

/// Relative differences from theory of a problem without noise: period, overshoot, drift of h over one orbit, growth.
struct Differences {
  double small_period, period, overshoot, drift, growth;
};

Differences measure_orbits(const Caricature& problem) {
  const double epsilon = problem.epsilon();
  Differences d{};
  const auto small = run_caricature(problem, {1.02 * problem.delta(), 0}, static_cast<Index>(60 / epsilon));
  const auto times = upward_crossings(small);
  const double period = (times.back() - times.front()) / static_cast<double>(times.size() - 1);
  d.small_period = period * epsilon / (std::numbers::sqrt2 * std::numbers::pi) - 1;
  const auto first = small[static_cast<std::size_t>(times.front())];
  const auto last = small[static_cast<std::size_t>(times.back())];
  const double growth = std::log((conserved(problem, last) - 0.5) / (conserved(problem, first) - 0.5)) /
                        (std::floor(times.back()) - std::floor(times.front()));
  d.growth = growth / spiral_growth(problem) - 1;

  const CaricaturePoint start{0.3 * problem.delta(), 0};
  const double h = conserved(problem, start);
  const auto path = run_caricature(problem, start, static_cast<Index>(12 / epsilon));
  const auto far = upward_crossings(path);
  d.period = (far[1] - far[0]) / orbit_period(problem, h) - 1;
  double highest = 0;
  bool first_swing = true;  // later ones start from an orbit that has opened
  for (const auto& point : path) {
    first_swing = first_swing && point.y >= 0;
    if (first_swing) highest = std::max(highest, point.y);
    d.drift = std::max(d.drift, std::abs(conserved(problem, point) / h - 1));
  }
  d.overshoot = highest / largest_overshoot(problem, start.x) - 1;
  return d;
}

/// The stationary state under noise of variance σ² along x: E y, and both sides of the identity.
struct NoisyState {
  double mean_y, identity, leading;
};

NoisyState measure_noise(const Caricature& problem, double variance, Index steps, std::uint64_t seed) {
  Philox stream(seed, Purpose::probe, 0, 0x65646765);
  std::vector<double> noise(static_cast<std::size_t>(steps));
  for (double& value : noise) value = std::sqrt(variance) * stream.normal();
  const auto path = run_caricature(problem, {problem.delta(), 0}, steps, noise);
  const auto skip = static_cast<std::size_t>(steps / 10);
  double y = 0, x2y2 = 0, force2 = 0, n = 0;
  for (std::size_t t = skip; t + 1 < path.size(); ++t, ++n) {
    const double x2 = path[t].x * path[t].x;
    y += path[t].y;
    x2y2 += x2 * path[t].y * path[t].y;
    force2 += std::pow(problem.alpha() - 0.5 * problem.beta() * x2, 2);
  }
  const double factor = -problem.rule.eta * problem.beta() / (4 * problem.alpha());
  return {y / n, factor * (variance + x2y2 / n + 2 / problem.beta() * force2 / n), factor * variance};
}

StudyReport run_edge_caricature(const StudyContext& context) {
  StudyReport report;
  Table orbits({{"momentum"}, {"epsilon"}, {"small_period"}, {"period"}, {"overshoot"}, {"drift"}, {"growth"}});
  for (const double beta : {0.0, 0.5, 0.9}) {
    context.monitor.check();
    // The expansion is in ε(1+β)/(1−β).
    const Caricature problem{{0.001 * (1 - beta) * (1 - beta), beta}, 0.5, 1.5};
    const Differences d = measure_orbits(problem);
    orbits.add_row({beta, problem.epsilon(), d.small_period, d.period, d.overshoot, d.drift, d.growth});
    const std::string claim = beta == 0 ? "D1" : "D6";
    const std::string where = ", β = " + shortest(beta) + ": relative difference";
    report.findings.push_back(judge_exact({claim, "period near the fixed point" + where}, {d.small_period}, 0.005));
    report.findings.push_back(judge_exact({claim, "period of the orbit from 0.3δ" + where}, {d.period}, 0.01));
    report.findings.push_back(judge_exact({claim, "largest overshoot from 0.3δ" + where}, {d.overshoot}, 0.01));
    report.findings.push_back(judge_exact({claim, "drift of h in two orbits" + where}, {d.drift}, 0.03));
    report.findings.push_back(judge_exact({claim, "growth of h − ½" + where}, {d.growth}, 0.03));
  }
  report.tables.emplace_back("orbits", std::move(orbits));

  // Noise: σ² in units of 4α²/β_s.
  const Caricature problem{{0.02, 0}, 1, 1};
  const double unit = 4 * problem.alpha() * problem.alpha() / problem.beta();
  const std::vector<double> levels = {0.01, 0.1, 1, 10, 100};
  const Index steps = context.choose<Index>(400000, 4000000);
  constexpr int seeds = 5;
  Table noisy({{"noise"}, {"seed"}, {"mean_y"}, {"identity"}, {"leading"}});
  Curve measured{"measured", CurveKind::joined, 1, {}};
  Curve leading{"ηβσ²/(4α)", CurveKind::dashed, 7, {}};
  for (const double level : levels) {
    std::vector<double> identity, ratio, gap;
    for (int s = 0; s < seeds; ++s) {
      context.monitor.check();
      const NoisyState state =
          measure_noise(problem, level * unit, steps, context.seed + static_cast<std::uint64_t>(s));
      noisy.add_row({level, std::int64_t{s}, state.mean_y, state.identity, state.leading});
      identity.push_back(state.mean_y / state.identity);
      ratio.push_back(state.mean_y / state.leading);
      gap.push_back(-state.mean_y);
    }
    const SeedMean mean = seed_mean(gap);
    measured.points.push_back({level, mean.mean, mean.lower, mean.upper});
    leading.points.push_back({level, problem.rule.eta * problem.beta() * level * unit / (4 * problem.alpha())});
    const std::string where = ", σ² = " + shortest(level) + "·4α²/β_s";
    report.findings.push_back(judge_equal({"D5", "E y over the exact identity" + where}, identity, 1, 0.05));
    if (level >= 10) report.findings.push_back(judge_equal({"D5", "E y over −ηβ_sσ²/(4α)" + where}, ratio, 1, 0.15));
    if (level <= 0.1)
      report.findings.push_back(judge_at_least(
          {"D5", "E y over −ηβ_sσ²/(4α)" + where, "", "the leading term alone must fail here"}, ratio, 1.5));
  }
  report.tables.emplace_back("noise", std::move(noisy));

  const Caricature shown{{0.02, 0}, 1, 1};
  CurvePanel phase{"orbits", "|x|/δ", "(S − S*)/√α", false, false, {}};
  int colour = 1;
  for (const double start : {0.6, 0.3, 0.1}) {
    const CaricaturePoint from{start * shown.delta(), 0};
    Curve curve{"from " + shortest(start) + "δ", CurveKind::line, colour++, {}};
    for (const auto& point : run_caricature(shown, from, static_cast<Index>(12 / shown.epsilon())))
      curve.points.push_back({std::abs(point.x) / shown.delta(), point.y / std::sqrt(shown.alpha())});
    phase.curves.push_back(std::move(curve));
    const double top = largest_overshoot(shown, from.x) / std::sqrt(shown.alpha());
    phase.curves.push_back({start == 0.6 ? "predicted maximum" : "", CurveKind::dashed, 7, {{0.5, top}, {1.5, top}}});
  }
  CurvePanel gap{"gradient noise", "σ²/(4α²/β)", "S* − mean S", true, true, {measured, leading}};
  report.figures.push_back(curve_figure("caricature", {phase, gap}));
  return report;
}

}  // namespace

Study edge_caricature() {
  return {
      "edge-caricature",
      "D1, D5, D6",
      "Does gradient descent on the smallest problem with an edge oscillate as predicted, with momentum and noise?",
      "Damian, Nichani & Lee 2022, arXiv 2209.15594; Liao et al. 2026, arXiv 2604.21016",
      "periods to 0.5–1%, overshoot to 1%, h to 3% in two orbits, growth to 3%; the noise identity to 5%, its leading "
      "term to 15% where σ² ≥ 10·4α²/β_s and off by more than half where σ² ≤ 0.1·4α²/β_s",
      run_edge_caricature};
}

}  // namespace brink::analysis
