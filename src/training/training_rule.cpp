#include "brink/training/training_rule.hpp"

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

struct NamedRule {
  std::string name;
  TrainingRuleFactory<float> single;
  TrainingRuleFactory<double> precise;
};

std::vector<NamedRule>& registry() {
  static std::vector<NamedRule> rules = {
      {"rmsprop", make_rms_prop<float>, make_rms_prop<double>},
      {"adam", make_adam<float>, make_adam<double>},
      {"gradient-flow", make_gradient_flow<float>, make_gradient_flow<double>},
  };
  return rules;
}

template <class Real>
TrainingRuleFactory<Real> factory_of(const NamedRule& rule) {
  if constexpr (std::is_same_v<Real, float>) {
    return rule.single;
  } else {
    return rule.precise;
  }
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

template <class Real>
std::unique_ptr<TrainingRule<Real>> make_training_rule(std::string_view name,
                                                       const TrainingRuleParameters& parameters) {
  for (const auto& rule : registry()) {
    if (rule.name != name) continue;
    check_argument(std::abs(parameters.momentum) < 1, name, "momentum", parameters.momentum, "a number in (-1, 1)");
    check_argument(parameters.weight_decay >= 0 && std::isfinite(parameters.weight_decay), name, "weight_decay",
                   parameters.weight_decay, "a finite number >= 0");
    return factory_of<Real>(rule)(parameters);
  }
  const auto names = training_rule_names();
  if (!contains(names, name)) {
    std::string known;
    for (const auto& each : names) known += (known.empty() ? "" : ", ") + each;
    fail_argument("make_training_rule", "rule", name, "one of " + known);
  }
  return make_filter_rule<Real>(make_update_rule(name, parameters));
}

template std::unique_ptr<TrainingRule<float>> make_training_rule(std::string_view, const TrainingRuleParameters&);
template std::unique_ptr<TrainingRule<double>> make_training_rule(std::string_view, const TrainingRuleParameters&);

void register_training_rule(std::string name, TrainingRuleFactory<float> single, TrainingRuleFactory<double> precise) {
  check_argument(!contains(training_rule_names(), name), "register_training_rule", "name", name,
                 "a name that is not taken");
  registry().push_back({std::move(name), single, precise});
}

std::vector<std::string> training_rule_names() {
  std::vector<std::string> names = update_rule_names();
  for (const auto& rule : registry()) names.push_back(rule.name);
  return names;
}

}  // namespace brink
