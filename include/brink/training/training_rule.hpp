#pragma once
// Update rules of training: the linear filters of brink/optimizer, and those that no filter describes (RMSProp, Adam,
// gradient flow). Hyper-parameters are in the rule and never change; what a run carries from step to step is in
// RuleState and belongs to the caller, so that it can be kept, inspected and continued.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brink/network/objective.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

/// Hyper-parameters apart from the step size. A rule reads those it has.
struct TrainingRuleParameters : RuleParameters {
  /// α of RMSProp, β₂ of Adam, in [0, 1); negative: the default of PyTorch (0.99 and 0.999).
  double second_momentum = -1;
  double epsilon = 1e-8;    ///< of RMSProp and Adam, added to the root, ≥ 0
  double tolerance = 1e-8;  ///< of gradient flow: local error of a step, absolute and relative, in [1e-13, 0.1]
};

/// What a run carries.
template <class Real>
struct RuleState {
  VectorOf<Real> theta;          ///< p
  VectorOf<Real> buffers;        ///< buffers()·p numbers, one buffer after the other; zero at the start
  std::vector<double> counters;  ///< counters() numbers; zero at the start
};

/// The gradient of the step at any point: out = g(θ); returns the loss there. The same batch and the same noise at
/// every call of one step.
template <class Real>
using GradientAt = std::function<Real(const VectorOf<Real>& theta, VectorOf<Real>& out)>;

template <class Real>
class TrainingRule {
 public:
  virtual ~TrainingRule() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual Index buffers() const = 0;
  [[nodiscard]] virtual Index counters() const { return 0; }
  /// True when a step with a random batch means nothing (gradient flow).
  [[nodiscard]] virtual bool needs_full_batch() const { return false; }

  /// One step of size eta. `gradient` holds g(θ) at state.theta and may be overwritten; `at` evaluates it elsewhere.
  virtual void step(double eta, VectorOf<Real>& gradient, const GradientAt<Real>& at, RuleState<Real>& state) const = 0;

  /// The same step of size eta, to rounding, as one that every parameter takes by itself (Objective::descend); none
  /// where the rule is not linear or has more than one buffer.
  [[nodiscard]] virtual std::optional<LinearStep<Real>> linear_step(double /*eta*/) const { return std::nullopt; }
};

/// The state in which a run starts.
template <class Real>
[[nodiscard]] RuleState<Real> initial_state(const TrainingRule<Real>& rule, VectorOf<Real> theta) {
  const Index p = theta.size();
  return {std::move(theta), VectorOf<Real>::Zero(rule.buffers() * p),
          std::vector<double>(static_cast<std::size_t>(rule.counters()), 0.0)};
}

/// The rule called `name`: one of training_rule_names(). Throws InvalidInput for an unknown name or a parameter outside
/// its range. float and double.
template <class Real>
[[nodiscard]] std::unique_ptr<TrainingRule<Real>> make_training_rule(std::string_view name,
                                                                     const TrainingRuleParameters& parameters);

template <class Real>
using TrainingRuleFactory = std::unique_ptr<TrainingRule<Real>> (*)(const TrainingRuleParameters&);

/// Adds a rule under a new name: the one registration line of an extension. Every rule of brink/optimizer is a training
/// rule without being registered here. Not safe while other threads make rules.
void register_training_rule(std::string name, TrainingRuleFactory<float> single, TrainingRuleFactory<double> precise);

/// The linear filters, then the others, each in order of registration.
[[nodiscard]] std::vector<std::string> training_rule_names();

}  // namespace brink
