// A2: the alignment of gradient noise with curvature is bounded below, whatever the number of samples and parameters.

#include <algorithm>
#include <cmath>
#include <random>

#include "analysis/extremes.hpp"
#include "analysis/list.hpp"
#include "analysis/training_runs.hpp"
#include "brink/model/loss_alignment.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/simulation/trajectory_alignment.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink::analysis {
namespace {

struct Family {
  std::string name;
  std::vector<Index> hidden;
  std::string activation;
  double eta;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all = {{"linear network", {32}, "identity", 0.01},
                                          {"ReLU network", {32, 32}, "relu", 0.02},
                                          {"tanh network", {32, 32}, "tanh", 0.02},
                                          {"wide tanh network", {128}, "tanh", 0.01}};
  return all;
}

std::vector<Index> sample_sizes(bool full) {
  return full ? std::vector<Index>{64, 256, 512} : std::vector<Index>{64, 128, 256};
}

RunSetting setting_of(const Family& family, bool full, std::uint64_t seed) {
  RunSetting setting;
  setting.eta = family.eta;
  setting.batch = 8;
  setting.steps = full ? 4000 : 1000;
  setting.record_every = full ? 201 : 101;
  setting.seed = seed;
  setting.probes = {"alignment"};
  setting.stop = {{"loss", false, 1e-6}};
  return setting;
}

/// The least μ along a trajectory of SGD on random features, and its mean.
std::vector<double> feature_alignment(const std::string& activation, Index samples, std::uint64_t seed) {
  const LinearizedModel model = feature_model(samples, 4 * samples, activation, seed).model;
  Dynamics dynamics{rule_with("sgd", 0), make_batch_law("without-replacement"), 8, 0, seed};
  dynamics.eta = 0.5 * mean_square_threshold(model, *dynamics.rule, *dynamics.law, 8).eta;
  const auto engine = make_linear_engine(model, dynamics);
  TrajectoryOptions options;
  options.steps = 300;
  options.burn_in = 0;
  const auto trajectory = trajectory_alignment(model, *engine, NoiseSource::samples, options);
  double least = INFINITY;
  for (const auto& point : trajectory.curve) least = std::min(least, point.mu);
  return {least, trajectory.mu.value};
}

StudyReport run_noise_alignment(const StudyContext& context) {
  const int seeds = context.choose(3, 6);
  const auto sizes = sample_sizes(context.full);
  std::vector<StudyUnit> units;
  for (const Family& family : families()) {
    for (const Index samples : sizes) {
      for (int s = 0; s < seeds; ++s) {
        const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
        const RunSetting setting = setting_of(family, context.full, seed);
        units.push_back({family.name + " n " + std::to_string(samples) + " seed " + std::to_string(s),
                         [&family, samples, setting, seed](const Monitor& monitor) {
                           return train_run(image_task(samples, 2, family.hidden, family.activation, seed), setting,
                                            monitor);
                         }});
      }
    }
  }
  const std::size_t first_features = units.size();
  for (const char* activation : {"relu", "tanh"}) {
    for (const Index samples : sizes) {
      for (int s = 0; s < seeds; ++s) {
        const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
        units.push_back(
            {std::string(activation) + " features n " + std::to_string(samples) + " seed " + std::to_string(s),
             [activation, samples, seed](const Monitor&) { return feature_alignment(activation, samples, seed); }});
      }
    }
  }
  const auto values = context.measure(units);

  StudyReport report;
  Table table({{"model"}, {"samples"}, {"seed"}, {"smallest_mu"}, {"mean_mu"}});
  CurvePanel along{"n = " + std::to_string(sizes.back()), "step", "alignment μ", false, true, {}};
  CurvePanel by_size{"", "samples n", "smallest μ along training", true, true, {}};
  const auto judge = [&](const std::string& name, const std::vector<std::vector<double>>& least, int colour) {
    Curve curve{name, CurveKind::joined, colour, {}};
    std::vector<double> all, change;
    for (std::size_t i = 0; i < least.size(); ++i) {
      const SeedMean m = seed_mean(least[i]);
      curve.points.push_back({static_cast<double>(sizes[i]), m.mean, m.lower, m.upper});
    }
    for (int s = 0; s < seeds; ++s) {
      const auto i = static_cast<std::size_t>(s);
      std::vector<double> of_sizes;
      for (const auto& of_size : least) of_sizes.push_back(of_size[i]);
      all.push_back(smallest_of(of_sizes));  // NaN where a run diverged
      change.push_back(std::log(least.back()[i] / least.front()[i]) /
                       std::log(static_cast<double>(sizes.back()) / static_cast<double>(sizes.front())));
    }
    by_size.curves.push_back(std::move(curve));
    report.findings.push_back(judge_at_least(
        {"A2", name + ": smallest μ along training; over n = 64 to " + std::to_string(sizes.back())}, all, 0.3));
    report.findings.push_back(judge_at_least(
        {"A2", name + ": exponent of n in the smallest μ (bounded below: not falling like a power of n)"}, change,
        -0.5));
  };
  std::size_t unit = 0;
  int colour = 1;
  for (const Family& family : families()) {
    std::vector<std::vector<double>> least;
    for (const Index samples : sizes) {
      least.emplace_back();
      for (int s = 0; s < seeds; ++s, ++unit) {
        const Trace trace = trace_of(values[unit], setting_of(family, context.full, 0));
        const auto mu = trace.values("alignment");
        const double smallest = trace.diverged ? std::nan("") : smallest_of(mu);
        least.back().push_back(smallest);
        table.add_row({family.name, static_cast<std::int64_t>(samples), std::int64_t{s}, smallest,
                       trace.late_mean("alignment", 1)});
        if (s == 0 && samples == sizes.back())
          along.curves.push_back({family.name, CurveKind::line, colour, curve_of(trace, "alignment")});
      }
    }
    judge(family.name, least, colour++);
  }
  unit = first_features;
  for (const char* activation : {"relu", "tanh"}) {
    std::vector<std::vector<double>> least;
    for (const Index samples : sizes) {
      least.emplace_back();
      for (int s = 0; s < seeds; ++s, ++unit) {
        least.back().push_back(values[unit][0]);
        table.add_row({std::string(activation) + " features", static_cast<std::int64_t>(samples), std::int64_t{s},
                       values[unit][0], values[unit][1]});
      }
    }
    judge(std::string(activation == std::string("relu") ? "ReLU" : activation) + " random features", least, colour++);
  }

  // Gaussian rows: μ(x) = 1 + xᵀH³x/(xᵀHx‖H‖_F²), between 1 and 2.
  std::mt19937_64 random(context.seed + 9);
  std::normal_distribution<double> normal;
  std::vector<double> formula, outside;
  for (int i = 0; i < 200; ++i) {
    Vector spectrum(12), x(12);
    for (Index j = 0; j < 12; ++j) spectrum[j] = std::exp(normal(random)), x[j] = std::exp(2 * normal(random));
    std::sort(spectrum.data(), spectrum.data() + spectrum.size(), std::greater<>());
    const double mu = loss_alignment(LinearizedModel::from_spectrum(spectrum), x, NoiseSource::gaussian_rows).mu;
    const Vector xx = x.cwiseAbs2();
    const double expected =
        1 + xx.dot(spectrum.cwiseAbs2().cwiseProduct(spectrum)) / (xx.dot(spectrum) * spectrum.squaredNorm());
    formula.push_back(mu - expected);
    outside.push_back(above_zero(std::max(1 - mu, mu - 2)));
  }
  report.findings.push_back(judge_exact({"A2", "Gaussian rows: μ minus its closed form"}, formula, 1e-12));
  report.findings.push_back(judge_exact({"A2", "Gaussian rows: distance of μ from [1; 2]"}, outside, 1e-12));
  report.figures.push_back(curve_figure("noise-alignment", {along, by_size}));
  report.tables.emplace_back("alignment", std::move(table));
  report.reductions.push_back(context.full
                                  ? "networks of one or two hidden layers on two classes"
                                  : "networks of one or two hidden layers on two classes; 3 seeds, n to 256 and 1000 "
                                    "steps (full: 6, 512 and 4000)");
  return report;
}

}  // namespace

Study noise_alignment() {
  return {
      "noise-alignment",
      "A2",
      "Is the alignment of gradient noise with curvature bounded below, whatever the number of samples?",
      "Wu, Wang & Su 2022, arXiv 2207.02628",
      "the smallest mu along training is at least 0.3 for every family and n, and does not fall faster than n^-1/2; "
      "Gaussian rows: mu equals its closed form (1e-12) and lies in [1, 2]",
      run_noise_alignment};
}

}  // namespace brink::analysis
