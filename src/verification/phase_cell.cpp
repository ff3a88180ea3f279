// One cell of a phase diagram.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "brink/simulation/growth.hpp"
#include "brink/simulation/noise_free.hpp"
#include "brink/stability/exact_moments.hpp"
#include "brink/stability/lifted_mode.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/verification/moment_study.hpp"
#include "brink/verification/phase_diagram.hpp"
#include "mode_start.hpp"
#include "seeds.hpp"
#include "theory.hpp"

namespace brink {
namespace {

constexpr const char* kPlan = "phase diagram";

/// What the streams of a cell are for.
enum class Stream : std::uint64_t { measured_growth, lyapunov, escape, notions, count };

constexpr int kFourth = 4;

std::uint64_t seed_of(const PhasePlan& plan, Index cell, Stream stream) {
  const auto streams = static_cast<std::uint64_t>(Stream::count);
  return plan.seed + kSeedStride * (static_cast<std::uint64_t>(cell) * streams + static_cast<std::uint64_t>(stream));
}

/// A value that no number can stand for is a reason.
CellValue finite_or_reason(Estimate estimate) {
  if (std::isfinite(estimate.value) && std::isfinite(estimate.error)) return {std::move(estimate), ""};
  return {{}, estimate.value < 0 ? "minus infinity: the state is gone after finitely many steps" : "not finite"};
}

/// The value that `measure` returns, or the reason why there is none.
template <class Measure>
CellValue value_or_reason(Measure measure) {
  try {
    return finite_or_reason(measure());
  } catch (const NotConverged& error) {
    return {{}, error.what()};
  }
}

/// Moves like `engine`, from a start near that of `mode`. A Lyapunov exponent that starts in an arbitrary direction
/// measures how directions of larger curvature decay, until these are forgotten; the leading mode of the second moment
/// has nothing to forget. But it may lie in a subspace that the dynamics never leaves, and that is not the one that
/// leads almost surely: so a little of an arbitrary direction is added.
class NearModeStart final : public Engine {
 public:
  NearModeStart(std::unique_ptr<Engine> engine, std::unique_ptr<Engine> mode)
      : engine_(std::move(engine)), mode_(std::move(mode)) {}

  Index state_size() const override { return engine_->state_size(); }
  void initialize(std::uint32_t replica, double* state) const override {
    constexpr double share = 0.01;
    Vector arbitrary(state_size());
    engine_->initialize(replica, arbitrary.data());
    mode_->initialize(replica, state);
    const double size = std::sqrt(engine_->squared_norm(state));
    Eigen::Map<Vector>(state, state_size()) += share * (size > 0 ? size : 1) * arbitrary;
  }
  void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const override {
    engine_->advance(step, first_stream, count, states);
  }
  double squared_norm(const double* state) const override { return engine_->squared_norm(state); }
  void scale(double* state, double factor) const override { engine_->scale(state, factor); }
  Matrix state_basis() const override { return engine_->state_basis(); }
  std::string name() const override { return engine_->name(); }

 private:
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Engine> mode_;
};

/// Rule, law and step size of one cell, and what is asked about them.
class CellWork {
 public:
  CellWork(const LoadedModel& loaded, const PhasePlan& plan, Index cell, const Monitor& monitor, int threads)
      : model_(loaded.model), plan_(plan), cell_(cell), monitor_(monitor), threads_(threads) {
    const auto setting = PhaseGrid(plan).setting(cell);
    RuleParameters parameters = plan.parameters;
    parameters.momentum = setting.momentum;
    dynamics_ = {make_update_rule(plan.rule, parameters), make_batch_law(plan.sampling), setting.batch_size,
                 setting.eta, plan.seed};
    has_noise_ = law_has_noise(model_, *dynamics_.law, dynamics_.batch_size);
    // A basis of its own: one that other cells have filled would move the last bits with the order of the cells.
    if (model_.has_samples()) basis_ = std::make_unique<TransferBasis>(model_);
  }

  PhaseCell run() {
    PhaseCell result;
    grow(result);
    const PhaseGrid grid(plan_);
    if (grid.threshold_cell(cell_) == cell_) {
      result.threshold = threshold();
      if (plan_.notions) result.notions = notions(*result.threshold);
    }
    if (plan_.measured_growth) result.measured_growth = measured_growth(result.growth.estimate.has_value());
    if (plan_.lyapunov) result.lyapunov = lyapunov(result.growth.estimate.has_value());
    if (plan_.escape) result.escape = escape();
    return result;
  }

 private:
  void grow(PhaseCell& result) {
    result.growth = value_or_reason([&] {
      growth_ = mean_square_growth(model_, *dynamics_.rule, *dynamics_.law, dynamics_.batch_size, dynamics_.eta,
                                   basis_.get());
      result.stable = growth_.stable;
      return Estimate{growth_.log_growth, growth_.residual, ErrorKind::residual, growth_.method, growth_.warnings};
    });
  }

  SettingThreshold threshold() {
    SettingThreshold result;
    try {
      const MeanSquareThreshold found =
          mean_square_threshold(model_, *dynamics_.rule, *dynamics_.law, dynamics_.batch_size, basis_.get());
      result = {found.eta, found.residual, found.eta_deterministic, found.method, ""};
    } catch (const NotConverged& error) {
      result.reason = error.what();
    }
    return result;
  }

  /// The fourth moment where theory reaches it, and almost sure stability: from theory, or measured on step sizes that
  /// begin at the mean-square threshold, below which almost every trajectory decays.
  std::vector<NotionThreshold> notions(const SettingThreshold& mean_square) const {
    std::vector<NotionThreshold> result = {{0, {}, 0, true}, {kFourth, {}, 0, true}};
    const ExactMoments exact(model_, dynamics_.rule, dynamics_.law, dynamics_.batch_size);
    MomentPlan plan;
    plan.moments = {0};
    plan.curve = false;
    plan.simulation = options();
    plan.seed = seed_of(plan_, cell_, Stream::notions);
    const std::string no_fourth = exact.unavailable(kFourth);
    if (no_fourth.empty()) {
      plan.moments.push_back(kFourth);
    } else {
      result.back().eta.reason = no_fourth;
    }
    const double from = mean_square.eta_mean_square;
    const double to = std::min(1.5 * mean_square.eta_deterministic, 4 * from);
    constexpr Index points = 13;
    if (mean_square.reason.empty() && from > 0 && to > 1.1 * from) plan.scan = StepScan{from, to, points};
    const auto setting = PhaseGrid(plan_).setting(cell_);
    Cell cell{plan_.rule, plan_.parameters, plan_.sampling, setting.batch_size};
    cell.parameters.momentum = setting.momentum;
    try {
      const MomentStudy study = study_moments(model_, cell, plan, {{}, monitor_.interrupted});
      for (const StabilityNotion& notion : study.notions) {
        for (NotionThreshold& threshold : result) {
          if (notion.moment == threshold.moment) fill(threshold, notion);
        }
      }
    } catch (const NotConverged& error) {
      for (NotionThreshold& threshold : result) {
        if (threshold.eta.reason.empty()) threshold.eta.reason = error.what();
      }
    }
    return result;
  }

  static void fill(NotionThreshold& threshold, const StabilityNotion& notion) {
    if (!notion.steps) {
      threshold.eta.reason = notion.reason;
      return;
    }
    const StableSteps& steps = *notion.steps;
    threshold.intervals = static_cast<Index>(steps.intervals.size());
    threshold.all_intervals = steps.complete;
    if (steps.threshold() == 0) {
      threshold.eta.reason = "small step sizes are not stable";
    } else if (steps.intervals.front().ends_with_search) {
      threshold.eta.reason = fmt::format("stable at every step size searched, up to {:.6g}", steps.threshold());
    } else {
      threshold.eta = finite_or_reason(
          {steps.threshold(), steps.intervals.front().upper_error, steps.error_kind, steps.method, steps.warnings});
    }
  }

  Dynamics seeded(Stream stream) const {
    Dynamics dynamics = dynamics_;
    dynamics.seed = seed_of(plan_, cell_, stream);
    return dynamics;
  }

  SimulationOptions options() const {
    SimulationOptions options;
    options.replicas = plan_.replicas;
    options.steps = plan_.steps;
    options.burn_in = plan_.burn_in;
    options.threads = threads_;
    return options;
  }

  /// `factor` times the exponent of a dynamics whose steps are all the same.
  Estimate without_noise(double factor) const {
    const double exponent = deterministic_log_growth(*make_linear_engine(model_, dynamics_));
    return {factor * exponent, factor * kNoiseFreeAccuracy, ErrorKind::standard_error, "noise-free", {}};
  }

  /// The engine with replicas that start in the leading mode of the second moment.
  std::unique_ptr<Engine> mode_engine(const Dynamics& dynamics) const {
    const LiftedMode start =
        lifted_mode(*dynamics.rule, model_.spectrum(), dynamics.eta, growth_.log_growth, growth_.mode);
    return make_mode_start(make_linear_engine(model_, dynamics), start, {}, dynamics.rule->states(), dynamics.seed);
  }

  CellValue measured_growth(bool has_mode) const {
    return value_or_reason([&] {
      if (!has_noise_) return without_noise(2);
      if (!has_mode) throw NotConverged("there is no exact growth, whose mode the replicas start in");
      const Dynamics dynamics = seeded(Stream::measured_growth);
      const auto engine = mode_engine(dynamics);
      return cloning_growth(*engine, dynamics, options(), monitor_).log_growth;
    });
  }

  CellValue lyapunov(bool has_mode) const {
    return value_or_reason([&] {
      if (!has_noise_) return without_noise(1);
      const Dynamics dynamics = seeded(Stream::lyapunov);
      auto engine = make_linear_engine(model_, dynamics);
      if (has_mode) engine = std::make_unique<NearModeStart>(std::move(engine), mode_engine(dynamics));
      return lyapunov_exponent(*engine, dynamics, options(), monitor_).log_growth;
    });
  }

  EscapeSummary escape() const {
    const Dynamics dynamics = seeded(Stream::escape);
    EscapeOptions options;
    options.replicas = plan_.replicas;
    options.horizon = plan_.steps;
    options.level = plan_.escape_level;
    options.threads = threads_;
    const auto engine = make_linear_engine(model_, dynamics);
    return summarize_escape(escape_times(*engine, model_.spectrum(), options, monitor_), options.horizon);
  }

  const LinearizedModel& model_;
  const PhasePlan& plan_;
  Index cell_;
  const Monitor& monitor_;
  int threads_;
  Dynamics dynamics_;
  bool has_noise_ = true;
  std::unique_ptr<TransferBasis> basis_;
  MeanSquareGrowth growth_;
};

void check_quantity(const PhasePlan& plan, const LoadedModel& loaded, const std::string& quantity,
                    const std::vector<double>& values) {
  const LinearizedModel& model = loaded.model;
  check_argument(!values.empty(), kPlan, quantity, "an empty list", "at least one value");
  if (quantity == "eta") {
    for (const double eta : values) check_argument(std::isfinite(eta) && eta > 0, kPlan, quantity, eta, "a number > 0");
  } else if (quantity == "momentum") {
    for (const double momentum : values) {
      RuleParameters parameters = plan.parameters;
      parameters.momentum = momentum;
      (void)make_update_rule(plan.rule, parameters);  // refuses what does not exist
    }
  } else {
    const auto law = make_batch_law(plan.sampling);
    check_argument(model.has_samples() || law->fresh_gaussian_rows(), kPlan, "sampling", plan.sampling,
                   "gaussian: the model is a spectrum without samples");
    const double most = model.has_samples() ? static_cast<double>(law->population(model.samples().samples)) : 1e15;
    for (const double size : values)
      check_argument(
          size >= 1 && size <= most && size == std::floor(size), kPlan, quantity, size,
          model.has_samples() ? fmt::format("an integer in 1..{} (the number of samples)", most) : "an integer >= 1");
  }
}

}  // namespace

void check_plan(const PhasePlan& plan, const LoadedModel& loaded) {
  check_argument(plan.x.quantity != plan.y.quantity, kPlan, "y", plan.y.quantity, "another quantity than x");
  check_quantity(plan, loaded, plan.x.quantity, plan.x.values);
  check_quantity(plan, loaded, plan.y.quantity, plan.y.values);
  check_quantity(plan, loaded, plan.third_quantity(), plan.third);
  check_argument(plan.x.values.size() >= 2 && plan.y.values.size() >= 2, kPlan, "values of an axis", 1, "at least two");
  check_argument(plan.coarse >= 1, kPlan, "coarse", plan.coarse, "an integer >= 1");
  check_argument(!plan.refine_lyapunov || plan.lyapunov, kPlan, "refine", "lyapunov",
                 "growth alone, or lyapunov among the quantities");
  check_argument(plan.threads >= 1, kPlan, "threads", plan.threads, "an integer >= 1");
  const bool simulates = plan.measured_growth || plan.lyapunov || plan.escape || plan.notions;
  if (!simulates) return;
  constexpr std::int64_t most = std::int64_t{1} << 31;
  const std::int64_t fewest_steps = plan.measured_growth ? 2 * kTimeBatches : 1;
  check_argument(plan.replicas >= 2 && plan.replicas < most, kPlan, "replicas", plan.replicas, "2 <= replicas < 2^31");
  check_argument(plan.steps >= fewest_steps && plan.steps < most, kPlan, "steps", plan.steps,
                 fmt::format("{} <= steps < 2^31", fewest_steps));
  check_argument(plan.burn_in >= 0 && plan.burn_in < most, kPlan, "burn_in", plan.burn_in, "0 <= burn_in < 2^31");
  check_argument(!plan.escape || (std::isfinite(plan.escape_level) && plan.escape_level > 1), kPlan, "escape_level",
                 plan.escape_level, "a finite number > 1");
  check_argument(!plan.escape || loaded.model.spectrum().minCoeff() >= 0, kPlan, "quantities", "escape",
                 "a model whose Hessian has no negative eigenvalue: there is no loss to escape from");
}

PhaseCell compute_phase_cell(const LoadedModel& model, const PhasePlan& plan, Index cell, const Monitor& monitor,
                             int threads) {
  return CellWork(model, plan, cell, monitor, threads).run();
}

}  // namespace brink
