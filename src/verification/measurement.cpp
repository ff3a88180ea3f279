#include "measurement.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "brink/base/parallel.hpp"
#include "brink/simulation/measured_threshold.hpp"
#include "brink/simulation/noise_free.hpp"
#include "mode_start.hpp"
#include "seeds.hpp"

namespace brink {
namespace {

// Cells of smaller batches move up to this many times more replicas, for about the same work.
constexpr std::int64_t kMostReplicas = 64;
constexpr double kThresholdRuns = 6;  // what a measured threshold costs, in growth runs

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

  /// Without interruption: a measurement that has begun ends and is kept.
  Monitor of(std::size_t unit) {
    return {[this, unit](double fraction) { report(unit, fraction); }, {}};
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
    for (const CellTheory& theory : theories) {
      if (theory.has_noise) largest_noisy_batch_ = std::max(largest_noisy_batch_, theory.batch_size);
    }
  }

  Measurement run(const MeasurementUnit& unit, const Monitor& monitor) const {
    const CellTheory& theory = theories_[unit.cell];
    Dynamics dynamics{theory.rule, theory.law, theory.batch_size, 0, unit.seed};
    if (unit.kind == MeasurementUnit::Kind::threshold) return threshold(theory, dynamics, monitor);
    dynamics.eta = theory.points[unit.point].eta;
    if (unit.kind == MeasurementUnit::Kind::noise_free_growth) return noise_free(dynamics, unit.direct);
    return growth(theory, theory.points[unit.point], dynamics, unit.direct, monitor);
  }

 private:
  std::unique_ptr<Engine> engine(const Dynamics& dynamics, bool direct) const {
    return direct ? make_direct_engine(loaded_.original, dynamics) : make_linear_engine(loaded_.model, dynamics);
  }

  /// The engine with replicas that start in a mode of the second moment.
  std::unique_ptr<Engine> engine_from(const LiftedMode& start, const Dynamics& dynamics, bool direct) const {
    const LinearizedModel& model = loaded_.model;
    Matrix coordinates;
    if (direct && model.basis().rows() == loaded_.original->dimension()) {
      coordinates = model.basis();
    } else if (direct) {
      coordinates = model.samples().rows;  // the problem lives in function space
    }
    return make_mode_start(engine(dynamics, direct), start, coordinates, dynamics.rule->states(), dynamics.seed);
  }

  SimulationOptions options(const CellTheory& theory) const {
    SimulationOptions options;
    options.replicas = plan_.replicas;
    if (plan_.equal_cost) {
      options.replicas *= std::clamp<std::int64_t>(largest_noisy_batch_ / theory.batch_size, 1, kMostReplicas);
    }
    options.steps = plan_.steps;
    options.burn_in = plan_.burn_in;
    options.moment = plan_.moment;
    return options;
  }

  Measurement growth(const CellTheory& theory, const TheoryPoint& point, const Dynamics& dynamics, bool direct,
                     const Monitor& monitor) const {
    Measurement result;
    const auto running = engine_from(point.start, dynamics, direct);
    const GrowthEstimate estimate = plan_.method == "ensemble"
                                        ? ensemble_growth(*running, dynamics, options(theory), monitor)
                                        : cloning_growth(*running, dynamics, options(theory), monitor);
    result.engine = running->name();
    result.value = estimate.log_growth.value;
    result.standard_error = estimate.log_growth.error;
    result.degrees_of_freedom = estimate.degrees_of_freedom;
    result.warnings = estimate.log_growth.warnings;
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
    const auto make = [&](const Dynamics& at) { return engine_from(theory.critical_start, at, false); };
    const MeasuredThreshold measured = measure_threshold(make, dynamics, theory.eta, options(theory), monitor);
    Measurement result;
    result.engine = engine(dynamics, false)->name();
    result.value = measured.eta.value;
    result.standard_error = measured.eta.error;
    result.degrees_of_freedom = measured.degrees_of_freedom;
    result.lower = measured.lower;
    result.upper = measured.upper;
    result.warnings = measured.eta.warnings;
    return result;
  }

  const LoadedModel& loaded_;
  const VerificationPlan& plan_;
  const std::vector<CellTheory>& theories_;
  Index largest_noisy_batch_ = 1;
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
                                 const Monitor& monitor, const Checkpoint& checkpoint) {
  std::vector<std::size_t> order(units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return units[a].cost > units[b].cost; });
  const UnitRunner runner(loaded, plan, theories);
  SharedProgress progress(monitor, units);
  std::vector<Measurement> measurements(units.size());
  std::mutex keeping;
  parallel_for(static_cast<std::int64_t>(units.size()), plan.threads, [&](std::int64_t i) {
    const std::size_t unit = order[static_cast<std::size_t>(i)];
    monitor.check();
    const auto known = checkpoint.known.find(unit);
    if (known != checkpoint.known.end()) {
      measurements[unit] = known->second;
    } else {
      measurements[unit] = runner.run(units[unit], progress.of(unit));
      const std::lock_guard lock(keeping);
      if (checkpoint.keep) checkpoint.keep(unit, measurements[unit]);
    }
    progress.report(unit, 1);
  });
  return measurements;
}

}  // namespace brink
