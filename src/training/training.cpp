#include "brink/training/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"

#include "flush_to_zero.hpp"
#include "scaled_norm.hpp"

namespace brink {
namespace {

constexpr std::string_view kFunction = "training";
constexpr std::size_t kStepColumn = 0;
constexpr std::size_t kLossColumn = 4;

Index column_of(const std::vector<std::string>& names, const std::string& quantity) {
  const auto found = std::find(names.begin(), names.end(), quantity);
  if (found == names.end()) {
    fail_argument(kFunction, "quantity", quantity, fmt::format("one that is recorded: {}", fmt::join(names, ", ")));
  }
  return found - names.begin();
}

bool holds(const Condition& condition, double value) {
  return condition.above ? value > condition.value : value < condition.value;
}

std::string sentence(const Condition& condition, double value) {
  return fmt::format("{} = {:.6g} {} {:.6g}", condition.quantity, value, condition.above ? '>' : '<', condition.value);
}

/// The rule as the interventions have left it.
template <class Real>
std::unique_ptr<TrainingRule<Real>> current_rule(const TrainingPlan& plan, double momentum) {
  TrainingRuleParameters parameters = plan.parameters;
  parameters.momentum = momentum;
  return make_training_rule<Real>(plan.rule, parameters);
}

template <class Real>
Batches current_batches(const TrainingPlan& plan, Index samples, const TrainingState<Real>& state) {
  BatchSettings settings = plan.batch;
  settings.size = state.batch_size;
  return Batches(settings, samples, plan.seed, state.stretch, state.stretch_begin);
}

template <class Real>
void check_batches(const TrainingRule<Real>& rule, const Batches& batches) {
  check_argument(!rule.needs_full_batch() || batches.full(), kFunction, "batch size", batches.size(),
                 fmt::format("all samples, for {}", rule.name()));
}

void check_plan(const TrainingPlan& plan) {
  check_argument(plan.eta > 0 && std::isfinite(plan.eta), kFunction, "eta", plan.eta, "a finite number > 0");
  check_argument(plan.warm_up >= 0, kFunction, "warm_up", plan.warm_up, "an integer >= 0");
  check_argument(plan.steps >= 0 && plan.steps <= std::numeric_limits<std::uint32_t>::max(), kFunction, "steps",
                 plan.steps, "an integer in 0..4294967295");
  check_argument(plan.record_every >= 1, kFunction, "record_every", plan.record_every, "an integer >= 1");
  check_argument(plan.plateau.window >= 0, kFunction, "plateau window", plan.plateau.window, "an integer >= 0");
  check_argument(plan.plateau.tolerance > 0, kFunction, "plateau tolerance", plan.plateau.tolerance, "a number > 0");
  check_argument(plan.diverged_above > 0, kFunction, "diverged_above", plan.diverged_above, "a number > 0");
}

template <class Real>
class Trainer {
 public:
  Trainer(const Objective<Real>& objective, const TrainingPlan& plan, const std::vector<Probe<Real>>& probes,
          TrainingState<Real>& state)
      : objective_(objective),
        plan_(plan),
        probes_(probes),
        state_(state),
        source_(make_gradient_source<Real>(plan.gradient)),
        rule_(current_rule<Real>(plan, state.momentum)),
        batches_(current_batches(plan, objective.samples(), state)),
        gradient_(objective.parameters()) {
    check_argument(state.rule.theta.size() == objective.parameters(), kFunction, "parameters of the state",
                   state.rule.theta.size(), fmt::format("the {} of the objective", objective.parameters()));
    check_argument(state.fired.size() == plan.interventions.size(), kFunction, "interventions of the state",
                   state.fired.size(), "those of the plan");
    std::vector<std::string> probe_names;
    for (const auto& probe : probes) probe_names.push_back(probe.name);
    names_ = record_names(probe_names);
    for (const auto& condition : plan.stop) column_of(names_, condition.quantity);
    if (plan.plateau.window > 0) column_of(names_, plan.plateau.quantity);
    for (const auto& intervention : plan.interventions) {
      check_argument(intervention.step.has_value() != intervention.condition.has_value(), kFunction, "intervention",
                     "neither or both", "a step or a condition");
      if (intervention.condition) column_of(names_, intervention.condition->quantity);
    }
    use_model();
  }

  void run(const TrainingSurroundings<Real>& surroundings) {
    const auto& monitor = surroundings.monitor;
    while (state_.status == TrainingStatus::running) {
      if (monitor.interrupted && monitor.interrupted()) return;
      if (surroundings.wants_to_keep && surroundings.wants_to_keep()) surroundings.keep(state_);
      observe();
      if (state_.status != TrainingStatus::running) break;
      step();
      if (state_.step % 64 == 0) monitor.report(static_cast<double>(state_.step) / static_cast<double>(plan_.steps));
    }
    monitor.report(1);
  }

 private:
  [[nodiscard]] bool record_is_due() const {
    return state_.step % plan_.record_every == 0 || state_.step == plan_.steps;
  }
  [[nodiscard]] bool has_record() const {
    return !state_.records.empty() && state_.records.back()[kStepColumn] == static_cast<double>(state_.step);
  }

  /// Everything between two steps. A state that was kept in the middle of it goes through it again: what has happened
  /// is marked, and does not happen twice.
  void observe() {
    gradient_is_current_ = false;
    if (record_is_due()) {
      if (!has_record() && !record()) return;
      stop_if_wanted();
      if (state_.status != TrainingStatus::running) return;
    }
    if (state_.step == plan_.steps) {
      end(TrainingStatus::steps_done, fmt::format("{} steps done", plan_.steps));
      return;
    }
    for (std::size_t i = 0; i < plan_.interventions.size(); ++i) {
      if (!state_.fired[i] && is_set_off(plan_.interventions[i])) intervene(i);
    }
  }

  void end(TrainingStatus status, std::string reason) {
    state_.status = status;
    state_.reason = std::move(reason);
  }

  [[nodiscard]] double value(const std::string& quantity) const {
    return state_.records.back()[static_cast<std::size_t>(column_of(names_, quantity))];
  }

  [[nodiscard]] double eta() const {
    const double t = static_cast<double>(state_.step + 1);
    return state_.step < plan_.warm_up ? state_.eta * t / static_cast<double>(plan_.warm_up) : state_.eta;
  }

  /// False when the run has diverged instead.
  bool record() {
    const auto& theta = state_.rule.theta;
    const double loss = [&] {
      [[maybe_unused]] const FlushSinglesToZero<Real> zeros;  // as in a step, which may take this gradient
      return static_cast<double>(model_->gradient(theta, model_->all(), gradient_));
    }();
    const double norm = scaled_norm(gradient_);
    if (!std::isfinite(loss) || !std::isfinite(norm)) {
      end(TrainingStatus::diverged,
          fmt::format("{} is not finite at step {}", std::isfinite(loss) ? "the gradient" : "the loss", state_.step));
      return false;
    }
    gradient_is_current_ = source_->is_plain() && batches_.full();
    TrainingRecord line = {static_cast<double>(state_.step),     eta(), state_.momentum,
                           static_cast<double>(batches_.size()), loss,  norm};
    for (const auto& probe : probes_) {
      line.push_back(probe.measure(state_.step, state_.rule));
      check_argument(!std::isnan(line.back()), kFunction, "probe " + probe.name, line.back(), "a number");
    }
    state_.records.push_back(std::move(line));
    return true;
  }

  void stop_if_wanted() {
    const double loss = state_.records.back()[kLossColumn];
    if (loss > plan_.diverged_above) {
      end(TrainingStatus::diverged, fmt::format("loss = {:.6g} > {:.6g}", loss, plan_.diverged_above));
      return;
    }
    for (const auto& condition : plan_.stop) {
      if (!holds(condition, value(condition.quantity))) continue;
      end(TrainingStatus::condition_met, sentence(condition, value(condition.quantity)));
      return;
    }
    const auto window = static_cast<std::size_t>(plan_.plateau.window);
    if (window == 0 || state_.records.size() < 2 * window) return;
    const auto column = static_cast<std::size_t>(column_of(names_, plan_.plateau.quantity));
    double before = 0;
    double now = 0;
    for (std::size_t i = 0; i < window; ++i) {
      now += state_.records[state_.records.size() - 1 - i][column];
      before += state_.records[state_.records.size() - 1 - window - i][column];
    }
    if (std::abs(now - before) < plan_.plateau.tolerance * std::abs(before)) {
      end(TrainingStatus::plateau,
          fmt::format("the mean {} of {} records is {:.6g}, of those before {:.6g}", plan_.plateau.quantity, window,
                      now / static_cast<double>(window), before / static_cast<double>(window)));
    }
  }

  [[nodiscard]] bool is_set_off(const Intervention& intervention) const {
    if (intervention.step) return *intervention.step == state_.step;
    return has_record() && holds(*intervention.condition, value(intervention.condition->quantity));
  }

  void intervene(std::size_t number) {
    const Intervention& change = plan_.interventions[number];
    state_.fired[number] = 1;
    state_.fired_at[number] = state_.step;
    if (change.eta) state_.eta = *change.eta;
    if (change.momentum) {
      auto rule = current_rule<Real>(plan_, *change.momentum);
      check_argument(rule->buffers() == rule_->buffers(), kFunction, "intervention: momentum", *change.momentum,
                     "a value with as many buffers as before (0 has fewer)");
      rule_ = std::move(rule);
      state_.momentum = *change.momentum;
    }
    if (change.batch_size) {
      state_.batch_size = *change.batch_size;
      ++state_.stretch;
      state_.stretch_begin = state_.step;
      batches_ = current_batches(plan_, objective_.samples(), state_);
      check_batches(*rule_, batches_);
    }
    if (change.zero_buffers) {
      state_.rule.buffers.setZero();
      std::fill(state_.rule.counters.begin(), state_.rule.counters.end(), 0.0);
    }
    if (change.model) {
      state_.model = change.model;
      state_.expansion_point = state_.rule.theta;
      use_model();
    }
    gradient_is_current_ = false;
  }

  void use_model() {
    local_.reset();
    if (state_.model) local_ = make_local_model<Real>(objective_, *state_.model, state_.expansion_point);
    model_ = local_ ? local_.get() : &objective_;
  }

  void step() {
    [[maybe_unused]] const FlushSinglesToZero<Real> zeros;  // in the gradient and in the rule alike
    const Batch batch = batches_.full() ? model_->all() : batches_.draw(state_.step);
    // Batches alone, whose gradient no record has computed before: every step of a run takes the same way then.
    if (!batches_.full() && source_->is_plain()) {
      if (const auto linear = rule_->linear_step(eta())) {
        const Real loss = model_->descend(batch, *linear, state_.rule.theta, state_.rule.buffers, gradient_);
        if (batch_loss_is_finite(static_cast<double>(loss))) ++state_.step;
        return;
      }
    }
    const StepKey key{plan_.seed, static_cast<std::uint32_t>(state_.step)};
    const GradientAt<Real> at = [&](const VectorOf<Real>& theta, VectorOf<Real>& out) {
      return source_->gradient(*model_, theta, batch, key, out);
    };
    if (!gradient_is_current_) {
      const auto loss = static_cast<double>(at(state_.rule.theta, gradient_));
      if (!batch_loss_is_finite(loss)) return;
    }
    rule_->step(eta(), gradient_, at, state_.rule);
    ++state_.step;
  }

  /// Ends the run otherwise.
  bool batch_loss_is_finite(double loss) {
    if (std::isfinite(loss)) return true;
    end(TrainingStatus::diverged, fmt::format("the loss of the batch is not finite at step {}", state_.step));
    return false;
  }

  const Objective<Real>& objective_;
  const TrainingPlan& plan_;
  const std::vector<Probe<Real>>& probes_;
  TrainingState<Real>& state_;
  std::shared_ptr<const GradientSource<Real>> source_;
  std::unique_ptr<TrainingRule<Real>> rule_;
  Batches batches_;
  std::unique_ptr<Objective<Real>> local_;
  const Objective<Real>* model_ = nullptr;  // the objective, or local_
  VectorOf<Real> gradient_;
  bool gradient_is_current_ = false;  // gradient_ is that of the coming step: all samples, no noise
  std::vector<std::string> names_;
};

}  // namespace

std::vector<std::string> record_names(const std::vector<std::string>& probes) {
  std::vector<std::string> names = {"step", "eta", "momentum", "batch", "loss", "gradient_norm"};
  for (const auto& probe : probes) {
    check_argument(std::find(names.begin(), names.end(), probe) == names.end(), kFunction, "probe", probe,
                   "a name that is not taken");
    names.push_back(probe);
  }
  return names;
}

std::string_view to_string(TrainingStatus status) {
  switch (status) {
    case TrainingStatus::running:
      return "running";
    case TrainingStatus::steps_done:
      return "steps-done";
    case TrainingStatus::condition_met:
      return "condition-met";
    case TrainingStatus::plateau:
      return "plateau";
    case TrainingStatus::diverged:
      return "diverged";
  }
  return "unknown";
}

template <class Real>
TrainingState<Real> start_training(const Objective<Real>& objective, const TrainingPlan& plan, VectorOf<Real> theta) {
  check_plan(plan);
  check_argument(theta.size() == objective.parameters(), kFunction, "length of theta", theta.size(),
                 fmt::format("the {} parameters", objective.parameters()));
  check_argument(theta.allFinite(), kFunction, "theta", "not finite", "finite numbers");
  const auto rule = make_training_rule<Real>(plan.rule, plan.parameters);
  TrainingState<Real> state;
  state.rule = initial_state(*rule, std::move(theta));
  state.eta = plan.eta;
  state.momentum = plan.parameters.momentum;
  state.batch_size = plan.batch.size == 0 ? objective.samples() : plan.batch.size;
  state.fired.assign(plan.interventions.size(), 0);
  state.fired_at.assign(plan.interventions.size(), -1);
  const Batches batches = current_batches(plan, objective.samples(), state);
  check_batches(*rule, batches);
  return state;
}

template <class Real>
void train(const Objective<Real>& objective, const TrainingPlan& plan, const std::vector<Probe<Real>>& probes,
           TrainingState<Real>& state, const TrainingSurroundings<Real>& surroundings) {
  check_plan(plan);
  Trainer<Real>(objective, plan, probes, state).run(surroundings);
}

template TrainingState<float> start_training(const Objective<float>&, const TrainingPlan&, VectorOf<float>);
template TrainingState<double> start_training(const Objective<double>&, const TrainingPlan&, VectorOf<double>);
template void train(const Objective<float>&, const TrainingPlan&, const std::vector<Probe<float>>&,
                    TrainingState<float>&, const TrainingSurroundings<float>&);
template void train(const Objective<double>&, const TrainingPlan&, const std::vector<Probe<double>>&,
                    TrainingState<double>&, const TrainingSurroundings<double>&);

}  // namespace brink
