#include "measurement.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "brink/base/parallel.hpp"
#include "brink/simulation/measured_threshold.hpp"
#include "brink/simulation/noise_free.hpp"
#include "hot_start.hpp"

namespace brink {
namespace {

constexpr double kHotFactor = 1.25;   // step size of the hot start over the final one
constexpr double kThresholdRuns = 6;  // what a measured threshold costs, in growth runs
constexpr std::uint64_t kSeedStride = 0x9e3779b97f4a7c15;

/// The work of one replica-step, in multiply-adds.
double step_cost(const LoadedModel& loaded, const CellTheory& theory, bool direct) {
  const auto batch = static_cast<double>(theory.batch_size);
  const auto rank = static_cast<double>(loaded.model.rank());
  if (direct) return 4 * (batch + 4) * static_cast<double>(loaded.original->dimension());
  if (theory.law->fresh_gaussian_rows()) return 20 * batch * rank;
  return 2 * (batch + 4) * static_cast<double>(loaded.model.samples().outputs) * rank;
}

/// The cells that the direct engine also runs: those asked for, or the cheapest one with noise.
std::vector<bool> direct_cells(const LoadedModel& loaded, const VerificationPlan& plan,
                               const std::vector<CellTheory>& theories) {
  std::vector<bool> chosen(theories.size(), false);
  for (const std::size_t cell : plan.direct_cells) chosen[cell] = true;
  if (!plan.direct_cells.empty() || !loaded.original) return chosen;
  std::optional<std::size_t> cheapest;
  for (std::size_t i = 0; i < theories.size(); ++i) {
    const CellTheory& theory = theories[i];
    if (!theory.has_noise || theory.points.empty() || theory.law->fresh_gaussian_rows()) continue;
    if (!cheapest || step_cost(loaded, theory, true) < step_cost(loaded, theories[*cheapest], true)) cheapest = i;
  }
  if (cheapest) chosen[*cheapest] = true;
  return chosen;
}

/// The sum of the progress of units that run at once, weighted by cost.
class SharedProgress {
 public:
  SharedProgress(const Monitor& monitor, const std::vector<MeasurementUnit>& units)
      : monitor_(monitor), units_(units), done_(units.size(), 0.0) {
    for (const auto& unit : units) total_ += unit.cost;
  }

  Monitor of(std::size_t unit) {
    return {[this, unit](double fraction) { report(unit, fraction); }, monitor_.interrupted};
  }
  void report(std::size_t unit, double fraction) {
    const std::lock_guard lock(mutex_);
    sum_ += units_[unit].cost * (fraction - done_[unit]);
    done_[unit] = fraction;
    monitor_.report(sum_ / total_);
  }

 private:
  const Monitor& monitor_;
  const std::vector<MeasurementUnit>& units_;
  std::mutex mutex_;
  std::vector<double> done_;
  double sum_ = 0;
  double total_ = 0;
};

class UnitRunner {
 public:
  UnitRunner(const LoadedModel& loaded, const VerificationPlan& plan, const std::vector<CellTheory>& theories)
      : loaded_(loaded), plan_(plan), theories_(theories) {
    options_.replicas = plan.replicas;
    options_.steps = plan.steps;
    options_.burn_in = plan.burn_in;
    options_.moment = plan.moment;
  }

  Measurement run(const MeasurementUnit& unit, const Monitor& monitor) const {
    const CellTheory& theory = theories_[unit.cell];
    Dynamics dynamics{theory.rule, theory.law, theory.batch_size, 0, unit.seed};
    if (unit.kind == MeasurementUnit::Kind::threshold) return threshold(theory, dynamics, monitor);
    dynamics.eta = theory.points[unit.point].eta;
    if (unit.kind == MeasurementUnit::Kind::noise_free_growth) return noise_free(dynamics, unit.direct);
    return growth(theory.points[unit.point], dynamics, unit.direct, monitor);
  }

 private:
  std::unique_ptr<Engine> engine(const Dynamics& dynamics, bool direct) const {
    return direct ? make_direct_engine(loaded_.original, dynamics) : make_linear_engine(loaded_.model, dynamics);
  }

  Measurement growth(const TheoryPoint& point, const Dynamics& dynamics, bool direct, const Monitor& monitor) const {
    Measurement result;
    const std::int64_t hot_steps = plan_.burn_in / 3;
    // Equal to the threshold up to rounding counts as "at the threshold".
    result.hot_start = point.eta_over_threshold >= 1 - 1e-9 && hot_steps > 0;
    auto running = engine(dynamics, direct);
    if (result.hot_start) {
      Dynamics hot = dynamics;
      hot.eta *= kHotFactor;
      running = make_hot_start(engine(hot, direct), std::move(running), static_cast<std::uint32_t>(hot_steps));
    }
    const GrowthEstimate estimate = plan_.method == "ensemble" ? ensemble_growth(*running, dynamics, options_, monitor)
                                                               : cloning_growth(*running, dynamics, options_, monitor);
    result.engine = running->name();
    result.value = estimate.log_growth.value;
    result.standard_error = estimate.log_growth.error;
    result.degrees_of_freedom = estimate.degrees_of_freedom;
    result.warnings = estimate.log_growth.warnings;
    result.steps = plan_.steps;
    result.settling = plan_.burn_in - (result.hot_start ? hot_steps : 0);
    return result;
  }

  Measurement noise_free(const Dynamics& dynamics, bool direct) const {
    Measurement result;
    const auto running = engine(dynamics, direct);
    result.engine = running->name();
    result.value = 2 * deterministic_log_growth(*running);  // of the second moment
    return result;
  }

  Measurement threshold(const CellTheory& theory, const Dynamics& dynamics, const Monitor& monitor) const {
    const auto make = [this](const Dynamics& at) { return engine(at, false); };
    const double edge = noise_free_edge(theory);
    const MeasuredThreshold measured = measure_threshold(make, dynamics, edge, options_, monitor);
    Measurement result;
    result.engine = engine(dynamics, false)->name();
    result.value = measured.eta.value;
    result.standard_error = measured.eta.error;
    result.lower = measured.lower;
    result.upper = measured.upper;
    result.warnings = measured.eta.warnings;
    return result;
  }

  /// The noise-free edge, where the search for the zero of the growth starts.
  double noise_free_edge(const CellTheory& theory) const {
    return theory.rule->deterministic_edge() / loaded_.model.lambda_max();
  }

  const LoadedModel& loaded_;
  const VerificationPlan& plan_;
  const std::vector<CellTheory>& theories_;
  SimulationOptions options_;
};

}  // namespace

std::vector<MeasurementUnit> measurement_units(const LoadedModel& loaded, const VerificationPlan& plan,
                                               const std::vector<CellTheory>& theories) {
  const auto direct = direct_cells(loaded, plan, theories);
  const double replica_steps = static_cast<double>(plan.replicas) * static_cast<double>(plan.steps + plan.burn_in);
  std::vector<MeasurementUnit> units;
  const auto add = [&](MeasurementUnit unit, double cost) {
    unit.cost = cost;
    unit.seed = plan.seed + kSeedStride * static_cast<std::uint64_t>(units.size());
    units.push_back(unit);
  };
  for (std::size_t cell = 0; cell < theories.size(); ++cell) {
    const CellTheory& theory = theories[cell];
    const auto kind = theory.has_noise ? MeasurementUnit::Kind::growth : MeasurementUnit::Kind::noise_free_growth;
    for (const bool by_direct_engine : {false, true}) {
      if (by_direct_engine && !direct[cell]) continue;
      const double cost = step_cost(loaded, theory, by_direct_engine);
      for (std::size_t point = 0; point < theory.points.size(); ++point)
        add({kind, by_direct_engine, cell, point}, theory.has_noise ? cost * replica_steps : cost);
    }
    if (plan.measure_threshold && theory.has_noise && theory.eta > 0)
      add({MeasurementUnit::Kind::threshold, false, cell, 0},
          kThresholdRuns * step_cost(loaded, theory, false) * replica_steps);
  }
  return units;
}

std::vector<Measurement> measure(const LoadedModel& loaded, const VerificationPlan& plan,
                                 const std::vector<CellTheory>& theories, const std::vector<MeasurementUnit>& units,
                                 const Monitor& monitor) {
  std::vector<std::size_t> order(units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return units[a].cost > units[b].cost; });
  const UnitRunner runner(loaded, plan, theories);
  SharedProgress progress(monitor, units);
  std::vector<Measurement> measurements(units.size());
  parallel_for(static_cast<std::int64_t>(units.size()), plan.threads, [&](std::int64_t i) {
    const std::size_t unit = order[static_cast<std::size_t>(i)];
    monitor.check();
    measurements[unit] = runner.run(units[unit], progress.of(unit));
    progress.report(unit, 1);
  });
  return measurements;
}

}  // namespace brink
