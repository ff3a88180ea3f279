#include "brink/verification/batch_regimes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/sampling/philox.hpp"
#include "brink/simulation/measured_threshold.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/statistics/regression.hpp"

namespace brink {
namespace {

constexpr int kResamples = 400;
constexpr double kConfidence = 0.95;

std::vector<Index> batch_sizes(Index samples, Index points) {
  std::set<Index> sizes;
  for (Index i = 0; i < points; ++i)
    sizes.insert(
        std::llround(std::pow(static_cast<double>(samples), static_cast<double>(i) / static_cast<double>(points - 1))));
  return {sizes.begin(), sizes.end()};
}

/// The three boundaries in ln B, from the points of a curve.
struct Read {
  Crossing noise;
  Crossing half;
  Crossing curvature;
};

Read read(const std::vector<double>& log_batch, const std::vector<double>& share) {
  std::vector<double> logs;
  for (const double value : share) logs.push_back(std::log(value));
  std::vector<double> middle;
  std::vector<double> slope;
  for (std::size_t i = 1; i < logs.size(); ++i) {
    middle.push_back(0.5 * (log_batch[i] + log_batch[i - 1]));
    slope.push_back((logs[i] - logs[i - 1]) / (log_batch[i] - log_batch[i - 1]));
  }
  Read result;
  result.half = isotonic_crossing(log_batch, logs, std::log(0.5));
  result.curvature = isotonic_crossing(log_batch, logs, std::log(kSaturated));
  result.noise = isotonic_crossing(middle, slope, kProportional);
  // A slope that is small from the beginning: the proportional part ended before the first batch size.
  if (!result.noise.x && slope.front() < kProportional)
    result.noise.censored = {-std::numeric_limits<double>::infinity(), middle.front()};
  return result;
}

Interval neighbours(const std::vector<double>& log_batch, double at) {
  const auto above = std::lower_bound(log_batch.begin(), log_batch.end(), at);
  const double upper = above == log_batch.end() ? log_batch.back() : *above;
  const double lower = above == log_batch.begin() ? log_batch.front() : *(above - 1);
  return {std::exp(std::min(lower, at)), std::exp(std::max(upper, at))};
}

Boundary boundary(const Crossing& crossing, std::vector<double> resampled, const std::vector<double>& log_batch) {
  Boundary result;
  if (!crossing.x) {
    const bool before = std::isinf(crossing.censored.lower);
    const double known = std::exp(before ? crossing.censored.upper : crossing.censored.lower);
    result.reason = fmt::format("{} {:.4g}", before ? "below" : "above", known);
    result.interval = before ? Interval{0, known} : Interval{known, std::numeric_limits<double>::infinity()};
    return result;
  }
  result.batch = std::exp(*crossing.x);
  if (resampled.empty()) {
    result.interval = neighbours(log_batch, *crossing.x);
    return result;
  }
  std::sort(resampled.begin(), resampled.end());
  const auto end = [&](double probability) {
    const auto i = static_cast<std::size_t>(probability * static_cast<double>(resampled.size() - 1));
    return std::exp(resampled[i]);
  };
  result.interval = {end(0.5 * (1 - kConfidence)), end(0.5 * (1 + kConfidence))};
  double squares = 0;
  for (const double each : resampled) squares += (each - *crossing.x) * (each - *crossing.x);
  result.log_error = std::sqrt(squares / static_cast<double>(resampled.size()));
  return result;
}

RegimeCurve theory_curve(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                         const std::vector<Index>& sizes, double edge, const Monitor& monitor) {
  RegimeCurve curve;
  curve.source = "theory";
  curve.batch = sizes;
  TransferBasis basis(model);
  for (const Index size : sizes) {
    monitor.check();
    const MeanSquareThreshold threshold = mean_square_threshold(model, rule, law, size, &basis);
    curve.eta.push_back(threshold.eta);
    curve.residual.push_back(threshold.residual);
    curve.standard_error.push_back(0);
  }
  read_boundaries(curve, edge, 0);
  return curve;
}

RegimeCurve measured_curve(const LoadedModel& model, const std::string& source,
                           const std::shared_ptr<const UpdateRule>& rule, const std::shared_ptr<const BatchLaw>& law,
                           const RegimeCurve& theory, double edge, const RegimeOptions& options,
                           const Monitor& monitor) {
  RegimeCurve curve;
  curve.source = source;
  for (std::size_t i = 0; i < theory.batch.size(); ++i)
    // Without noise there is nothing to measure: full batch is left to theory.
    if (theory.share[i] < 1 - 1e-9) curve.batch.push_back(theory.batch[i]);
  curve.eta.resize(curve.batch.size());
  curve.standard_error.resize(curve.batch.size());
  std::atomic<std::int64_t> done{0};
  const auto count = static_cast<std::int64_t>(curve.batch.size());
  parallel_for(count, options.threads, [&](std::int64_t i) {
    monitor.check();
    const auto at = static_cast<std::size_t>(i);
    const EngineFactory make = [&](const Dynamics& dynamics) {
      return source == "direct" ? make_direct_engine(model.original, dynamics)
                                : make_linear_engine(model.model, dynamics);
    };
    // The search starts from a guess that knows nothing of noise theory: the edge, in proportion to the batch size.
    const double guess =
        edge * std::min(1.0, static_cast<double>(curve.batch[at]) / static_cast<double>(theory.batch.back()) + 0.02);
    const Dynamics dynamics{rule, law, curve.batch[at], guess, options.seed + static_cast<std::uint64_t>(i)};
    const SimulationOptions simulation{options.replicas, options.steps, options.burn_in, 2, 1};
    const auto measured = measure_threshold(make, dynamics, guess, simulation, {{}, monitor.interrupted});
    curve.eta[at] = measured.eta.value;
    curve.standard_error[at] = measured.eta.error;
    monitor.report(static_cast<double>(++done) / static_cast<double>(count));
  });
  read_boundaries(curve, edge, options.seed);
  return curve;
}

void compare(BatchRegimes& regimes, const RegimeCurve& theory, const RegimeCurve& measured) {
  const auto add = [&](const char* name, const Boundary& expected, const Boundary& found) {
    if (!expected.batch || !found.batch || !(found.log_error > 0)) return;
    RegimeComparison comparison{measured.source, name, *expected.batch, *found.batch, found.interval};
    comparison.z = std::log(*found.batch / *expected.batch) / found.log_error;
    regimes.comparisons.push_back(std::move(comparison));
  };
  add("noise_dominated_up_to", theory.noise_dominated_up_to, measured.noise_dominated_up_to);
  add("half", theory.half, measured.half);
  add("curvature_dominated_from", theory.curvature_dominated_from, measured.curvature_dominated_from);
}

}  // namespace

std::string to_string(BatchRegime regime) {
  switch (regime) {
    case BatchRegime::noise_dominated:
      return "noise-dominated";
    case BatchRegime::crossover:
      return "crossover";
    case BatchRegime::curvature_dominated:
      break;
  }
  return "curvature-dominated";
}

void judge_regimes(std::vector<BatchRegimes>& rows) {
  std::size_t count = 0;
  for (const auto& row : rows) count += row.comparisons.size();
  for (auto& row : rows)
    for (auto& each : row.comparisons) {
      each.critical_z = normal_quantile(1 - kRegimeLevel / (2 * static_cast<double>(count)));
      each.agrees = std::abs(each.z) <= each.critical_z;
    }
}

std::optional<bool> regimes_agree(const std::vector<BatchRegimes>& rows) {
  bool measured = false;
  bool compared = false;
  bool all = true;
  for (const auto& row : rows) {
    measured = measured || !row.measured.empty();
    compared = compared || !row.comparisons.empty();
    for (const auto& each : row.comparisons) all = all && each.agrees;
  }
  if (!measured) return std::nullopt;
  return compared && all;
}

void read_boundaries(RegimeCurve& curve, double edge, std::uint64_t seed) {
  check_argument(edge > 0, "read_boundaries", "edge", edge, "a number > 0");
  check_argument(curve.batch.size() >= 3, "read_boundaries", "batch.size()", curve.batch.size(),
                 "at least 3 batch sizes");
  std::vector<double> log_batch;
  curve.share.clear();
  for (std::size_t i = 0; i < curve.batch.size(); ++i) {
    log_batch.push_back(std::log(static_cast<double>(curve.batch[i])));
    curve.share.push_back(curve.eta[i] / edge);
  }
  const Read found = read(log_batch, curve.share);
  std::vector<double> noise;
  std::vector<double> half;
  std::vector<double> curvature;
  const bool measured =
      std::any_of(curve.standard_error.begin(), curve.standard_error.end(), [](double error) { return error > 0; });
  for (int b = 0; measured && b < kResamples; ++b) {
    Philox random(seed, Purpose::bootstrap, 3, static_cast<std::uint32_t>(b));
    std::vector<double> share;
    for (std::size_t i = 0; i < curve.share.size(); ++i)
      share.push_back(curve.share[i] * std::exp(random.normal() * curve.standard_error[i] / curve.eta[i]));
    const Read again = read(log_batch, share);
    // A resample that does not cross counts as the end of the range.
    const auto push = [&](std::vector<double>& values, const Crossing& crossing) {
      values.push_back(crossing.x                            ? *crossing.x
                       : std::isinf(crossing.censored.lower) ? log_batch.front()
                                                             : log_batch.back());
    };
    push(noise, again.noise);
    push(half, again.half);
    push(curvature, again.curvature);
  }
  curve.noise_dominated_up_to = boundary(found.noise, std::move(noise), log_batch);
  curve.half = boundary(found.half, std::move(half), log_batch);
  curve.curvature_dominated_from = boundary(found.curvature, std::move(curvature), log_batch);
  curve.regime.clear();
  for (std::size_t i = 0; i < log_batch.size(); ++i) {
    const bool proportional = found.noise.x ? log_batch[i] <= *found.noise.x : std::isinf(found.noise.censored.upper);
    curve.regime.push_back(curve.share[i] >= kSaturated ? BatchRegime::curvature_dominated
                           : proportional               ? BatchRegime::noise_dominated
                                                        : BatchRegime::crossover);
  }
}

BatchRegimes batch_regimes(const LoadedModel& model, const Cell& cell, const RegimeOptions& options,
                           const Monitor& monitor) {
  constexpr const char* here = "batch_regimes";
  check_argument(model.model.has_samples(), here, "model", "a spectrum alone", "a model with finite samples");
  check_argument(options.theory_points >= 5, here, "theory_points", options.theory_points, "an integer >= 5");
  check_argument(options.measured_points >= 4, here, "measured_points", options.measured_points, "an integer >= 4");
  for (const auto& source : options.measure) {
    check_argument(source == "linear" || source == "direct", here, "measure", source, "linear or direct");
    check_argument(source == "linear" || model.original != nullptr, here, "measure", source,
                   "linear: this model has no original problem");
  }
  const Index samples = model.model.samples().samples;
  check_argument(samples >= 8, here, "samples", samples, "at least 8 samples: batch sizes to compare");
  const std::shared_ptr<const UpdateRule> rule = make_update_rule(cell.rule, cell.parameters);
  const auto law = make_batch_law(cell.sampling);
  const double edge = mean_square_threshold(model.model, *rule, *law, samples).eta_deterministic;
  check_argument(edge > 0 && std::isfinite(edge), here, "rule", cell.rule, "a rule with a finite noise-free edge");

  BatchRegimes regimes;
  regimes.rule = cell.rule;
  regimes.momentum = cell.parameters.momentum;
  regimes.sampling = cell.sampling;
  regimes.edge = edge;
  regimes.theory = theory_curve(model.model, *rule, *law, batch_sizes(samples, options.theory_points), edge, monitor);
  if (options.measure.empty()) return regimes;
  // Theory at the sizes of the measurement, read in the same way: coarse curves are compared with coarse curves.
  const RegimeCurve coarse =
      theory_curve(model.model, *rule, *law, batch_sizes(samples, options.measured_points), edge, monitor);
  for (const auto& source : options.measure) {
    regimes.measured.push_back(measured_curve(model, source, rule, law, coarse, edge, options, monitor));
    RegimeCurve same = coarse;
    const std::size_t kept = regimes.measured.back().batch.size();
    same.batch.resize(kept);
    same.eta.resize(kept);
    same.standard_error.resize(kept);
    same.residual.resize(kept);
    read_boundaries(same, edge, 0);
    compare(regimes, same, regimes.measured.back());
  }
  return regimes;
}

}  // namespace brink
