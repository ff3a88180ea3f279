#include "simulation_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "brink/simulation/controls.hpp"
#include "brink/simulation/reshuffled_engine.hpp"
#include "brink/simulation/stationary_tail.hpp"
#include "brink/stability/exact_moments.hpp"
#include "brink/stability/moment_curve.hpp"
#include "grid.hpp"

namespace brink::cli {
namespace {

constexpr double kBand = 0.9;         // share of the trajectories inside their band
constexpr double kMostWork = 1e12;    // operations that an exact curve may cost: minutes
constexpr Index kLongestLag = 10000;  // steps over which a correlation is followed

const std::vector<std::string> kControls = {"none",          "gaussian-noise", "isotropic", "frozen",
                                            "fixed-batches", "cyclic",         "reshuffled"};

std::optional<BatchOrder> batch_order(const std::string& control, const std::string& sampling) {
  if (sampling == kReshuffled || control == "reshuffled") return BatchOrder::reshuffled;
  if (control == "cyclic") return BatchOrder::cyclic;
  if (control == "fixed-batches") return BatchOrder::fixed;
  return {};
}

std::optional<NoiseControl> noise_control(const std::string& control) {
  for (const auto candidate : {NoiseControl::gaussian, NoiseControl::isotropic, NoiseControl::frozen}) {
    if (control == to_string(candidate)) return candidate;
  }
  return {};
}

/// Estimators count epochs where a step of the engine is one; a row counts steps.
void per_step(std::optional<GrowthEstimate>& growth, Index steps) {
  if (!growth) return;
  const auto count = static_cast<double>(steps);
  growth->log_growth.value /= count;
  growth->log_growth.error /= count;
  growth->bias_correction /= count;
  growth->horizon *= count;
  for (double& rate : growth->trace) rate /= count;
  for (auto& warning : growth->log_growth.warnings) warning += " (counted in epochs)";
}

/// Λ(q) of independent batches where it is known.
std::optional<Estimate> exact_growth(const ExactMoments& exact, double moment, double eta) {
  if (!exact.unavailable(moment).empty()) return {};
  const Estimate estimate = exact.log_growth(moment, eta);
  if (!std::isfinite(estimate.value)) return {};
  return estimate;
}

/// T_c = ln N/(qΛ'(q) − Λ(q)), the derivative a central difference.
std::optional<double> exact_horizon(const ExactMoments& exact, double moment, double eta, Index replicas) {
  constexpr double step = 1e-4;
  const auto low = exact_growth(exact, moment * (1 - step), eta);
  const auto at = exact_growth(exact, moment, eta);
  const auto high = exact_growth(exact, moment * (1 + step), eta);
  if (!low || !at || !high) return {};
  const double rate = (high->value - low->value) / (2 * step) - at->value;
  if (!(rate > 0)) return {};
  return std::log(static_cast<double>(replicas)) / rate;
}

/// One cell and step size, by any method.
class CellSimulation {
 public:
  CellSimulation(const LinearizedModel& model, const SimulationTask& task, const SimulationSection& simulation,
                 const SimulateSection& section, LastBatch last_batch, const Monitor& monitor)
      : model_(model),
        task_(task),
        simulation_(simulation),
        section_(section),
        monitor_(monitor),
        dynamics_{make_update_rule(task.cell.rule, task.cell.parameters), nearest_law(task.cell.sampling),
                  task.cell.batch_size, task.eta, simulation.seed},
        order_(batch_order(task.control, task.cell.sampling)) {
    options_.replicas = simulation.replicas;
    options_.steps = simulation.steps;
    options_.burn_in = simulation.burn_in;
    options_.moment = simulation.moment;
    if (order_) epoch_ = Epoch{model.samples().samples, task.cell.batch_size, last_batch};
    if (counts_epochs()) {
      const Index steps = epoch_->steps();
      options_.steps = (simulation.steps + steps - 1) / steps;
      if (simulation.method == "cloning") options_.steps = std::max<Index>(options_.steps, 2 * kTimeBatches);
      options_.burn_in = (simulation.burn_in + steps - 1) / steps;
    }
  }

  SimulationRow run() {
    SimulationRow row;
    row.cell = task_.cell;
    row.eta = task_.eta;
    row.moment = simulation_.moment;
    row.method = simulation_.method;
    row.control = task_.control;
    row.epoch = epoch_;
    const auto engine = make(dynamics_);
    if (row.method == "cloning") row.growth = cloning_growth(*engine, dynamics_, options_, monitor_);
    if (row.method == "cloning" && section_.measure_bias) {
      row.population =
          population_bias([this](const Dynamics& own) { return make(own); }, dynamics_, options_, monitor_);
    }
    if (row.method == "ensemble") row.growth = ensemble_growth(*engine, dynamics_, options_, monitor_);
    if (row.method == "lyapunov") row.lyapunov = lyapunov_exponent(*engine, dynamics_, options_, monitor_);
    if (row.method == "escape") row.escape = escape(*engine);
    if (row.method == "tail") row.tail = tail();
    if (row.method == "horizon") row.horizon = horizon();
    if (row.method == "trajectories") row.trajectories = trajectories(*engine);
    if (row.method == "mixing") row.mixing = mixing();
    if (row.growth && section_.control.size() > 1 && has_theory(row.moment)) {
      row.exact_log_growth = exact_growth(ExactMoments(model_, dynamics_.rule, dynamics_.law, task_.cell.batch_size),
                                          row.moment, task_.eta);
    }
    if (counts_epochs()) {
      per_step(row.growth, epoch_->steps());
      per_step(row.lyapunov, epoch_->steps());
    }
    return row;
  }

 private:
  bool counts_epochs() const { return order_ && *order_ != BatchOrder::fixed; }

  std::unique_ptr<Engine> make(const Dynamics& dynamics) const {
    if (order_) return make_batch_order_engine(model_, *epoch_, *order_, dynamics);
    if (const auto control = noise_control(task_.control)) return make_noise_control_engine(model_, dynamics, *control);
    return make_linear_engine(model_, dynamics);
  }

  /// Theory of independent batches; Gaussian noise shares the second moment and no other.
  bool has_theory(double moment) const {
    return !order_ && (task_.control == "none" || (task_.control == "gaussian-noise" && moment == 2));
  }

  EscapeResult escape(const Engine& engine) const {
    EscapeOptions options;
    options.replicas = simulation_.replicas;
    options.horizon = simulation_.steps;
    options.level = section_.escape_level;
    EscapeResult result;
    result.level = section_.escape_level;
    const auto times = escape_times(engine, model_.spectrum(), options, monitor_);
    result.survival = escape_survival(times, options.horizon);
    result.summary = summarize_escape(times, options.horizon);
    if (has_theory(2)) {
      result.exact_log_growth =
          exact_growth(ExactMoments(model_, dynamics_.rule, dynamics_.law, task_.cell.batch_size), 2, task_.eta);
    }
    return result;
  }

  TailResult tail() const {
    StationaryOptions options;
    options.replicas = simulation_.replicas;
    options.steps = simulation_.steps;
    options.burn_in = simulation_.burn_in;
    constexpr double kConfidence = 0.95;
    TailResult result;
    const auto engine = make_linear_engine(model_, dynamics_, true);
    result.fit = hill_tail(stationary_norms(*engine, options, monitor_), kConfidence);
    const ExactMoments exact(model_, dynamics_.rule, dynamics_.law, task_.cell.batch_size);
    result.reason = exact.unavailable(1);
    if (!result.reason.empty()) return result;
    const TailIndex index = exact.tail_index(task_.eta);
    result.exact = index.alpha;
    result.reason = index.reason;
    return result;
  }

  TrajectoryResult trajectories(const Engine& engine) const {
    constexpr Index most_points = 200;
    LossStatisticsOptions options;
    options.replicas = simulation_.replicas;
    options.confidence = kBand;
    for (Index i = 0; i <= most_points; ++i) {
      const Index step = i * simulation_.steps / most_points;
      if (options.steps.empty() || step > options.steps.back()) options.steps.push_back(step);
    }
    TrajectoryResult result;
    result.confidence = options.confidence;
    result.points = loss_statistics(engine, model_.spectrum(), options, monitor_);
    if (!std::isfinite(result.points.back().mean))
      throw NotConverged("trajectories: the loss leaves the range of numbers; use fewer steps or a smaller step size");
    if (!has_theory(2)) {
      result.reason = "the expected loss under this control has no theory here";
      return result;
    }
    const double rank = static_cast<double>(model_.rank());
    const double rows = model_.has_samples() ? static_cast<double>(model_.samples().rows.rows()) : rank;
    const double work = 4 * rows * rank * rank * static_cast<double>(simulation_.steps);
    if (work > kMostWork) {
      result.reason = fmt::format("it takes {:.1g} operations, more than {:.0g}", work, kMostWork);
      return result;
    }
    const auto curve = expected_loss_curve(model_, *dynamics_.rule, *dynamics_.law, task_.cell.batch_size, task_.eta,
                                           simulation_.steps);
    for (const Index step : options.steps) result.exact.push_back(curve[static_cast<std::size_t>(step)]);
    return result;
  }

  MixingResult mixing() const {
    StationaryOptions options;
    options.replicas = simulation_.replicas;
    options.steps = simulation_.steps;
    options.burn_in = simulation_.burn_in;
    MixingResult result;
    const auto engine = make_linear_engine(model_, dynamics_, true);
    const Index longest = std::min<Index>(simulation_.steps / 4, kLongestLag);
    result.measured = autocorrelation(stationary_norms(*engine, options, monitor_).array().square(), longest);
    const auto exact =
        exact_growth(ExactMoments(model_, dynamics_.rule, dynamics_.law, task_.cell.batch_size), 2, task_.eta);
    if (exact && exact->value < 0) {
      result.exact_rate = exact;
      result.exact_rate->value = -exact->value;
    } else {
      result.reason = "the second moment does not settle at this step size";
    }
    return result;
  }

  HorizonResult horizon() const {
    HorizonResult result;
    result.curve = horizon_curve([this](const Dynamics& own) { return make(own); }, dynamics_, options_, monitor_);
    if (!has_theory(options_.moment)) return result;
    const ExactMoments exact(model_, dynamics_.rule, dynamics_.law, task_.cell.batch_size);
    result.exact_log_growth = exact_growth(exact, options_.moment, task_.eta);
    if (task_.control == "none") {
      result.exact_horizon = exact_horizon(exact, options_.moment, task_.eta, options_.replicas);
    }
    return result;
  }

  const LinearizedModel& model_;
  const SimulationTask& task_;
  const SimulationSection& simulation_;
  const SimulateSection& section_;
  const Monitor& monitor_;
  Dynamics dynamics_;
  std::optional<BatchOrder> order_;
  std::optional<Epoch> epoch_;
  SimulationOptions options_;
};

}  // namespace

void check_simulation(const SimulationSection& simulation, const SimulateSection& section,
                      const std::vector<std::string>& samplings, const LinearizedModel& model) {
  const auto& s = simulation;
  const std::vector<std::string> methods = {"cloning", "ensemble", "lyapunov",     "escape",
                                            "tail",    "horizon",  "trajectories", "mixing"};
  check_argument(contains(methods, s.method), "simulation", "method", s.method,
                 "cloning, ensemble, lyapunov, escape, tail, horizon, trajectories or mixing");
  check_argument(s.moment > 0 && std::isfinite(s.moment), "simulation", "moment", s.moment, "a number > 0");
  check_argument(s.replicas >= 2, "simulation", "replicas", s.replicas, "an integer >= 2");
  check_argument(s.steps >= 1, "simulation", "steps", s.steps, "an integer >= 1");
  check_argument(s.burn_in >= 0, "simulation", "burn_in", s.burn_in, "an integer >= 0");

  constexpr const char* line = "command line";
  check_argument(std::isfinite(section.escape_level) && section.escape_level > 1, line, "--escape-level",
                 section.escape_level, "a finite number > 1");
  check_argument(!section.measure_bias || s.method == "cloning", line, "--measure-bias", "true", "--method cloning");
  const bool needs_noise = s.method == "tail" || s.method == "mixing";
  const bool needs_steps = s.method == "escape" || s.method == "horizon" || s.method == "trajectories" || needs_noise;
  check_argument(!needs_steps || !contains(samplings, kReshuffled), line, "--sampling", kReshuffled,
                 "independent batches for --method " + s.method);
  for (const auto& control : section.control) {
    check_argument(contains(kControls, control), line, "--control", control,
                   "none, gaussian-noise, isotropic, frozen, fixed-batches, cyclic or reshuffled");
    const bool is_order = batch_order(control, "").has_value();
    check_argument(control == "none" || !contains(samplings, kReshuffled), line, "--control", control,
                   "none with --sampling reshuffled");
    check_argument(!is_order || model.has_samples(), line, "--control", control, "a model with samples");
    check_argument(!is_order || !contains(samplings, std::string("gaussian")), line, "--control", control,
                   "none or a control of the noise with --sampling gaussian");
    check_argument(!needs_steps || !is_order || control == "fixed-batches", line, "--control", control,
                   "none, fixed-batches or a control of the noise for --method " + s.method);
    check_argument(!needs_noise || control == "none", line, "--control", control, "none for --method " + s.method);
  }
  check_argument(!needs_noise || !model.interpolates(), "simulation", "method", s.method,
                 "a model with gradient noise (--gradient-noise)");
  check_argument(s.method != "mixing" || s.steps >= 8, "simulation", "steps", s.steps, "at least 8 for mixing");
  const bool follows_loss = s.method == "escape" || s.method == "trajectories";
  check_argument(!follows_loss || model.spectrum().minCoeff() >= 0, "simulation", "method", s.method,
                 "a model whose Hessian has no negative eigenvalue: there is no loss to follow");
}

SimulationRow simulate(const LinearizedModel& model, const SimulationTask& task, const SimulationSection& simulation,
                       const SimulateSection& section, LastBatch last_batch, const Monitor& monitor) {
  return CellSimulation(model, task, simulation, section, last_batch, monitor).run();
}

}  // namespace brink::cli
