#pragma once
// The training rules that Brink brings beside the linear filters: each is one file of this folder, and one line of the
// table in training_rule.cpp.

#include "brink/training/training_rule.hpp"

namespace brink {

template <class Real>
[[nodiscard]] std::unique_ptr<TrainingRule<Real>> make_rms_prop(const TrainingRuleParameters& parameters);
template <class Real>
[[nodiscard]] std::unique_ptr<TrainingRule<Real>> make_adam(const TrainingRuleParameters& parameters);
template <class Real>
[[nodiscard]] std::unique_ptr<TrainingRule<Real>> make_gradient_flow(const TrainingRuleParameters& parameters);

/// An update rule of brink/optimizer as a training rule.
template <class Real>
[[nodiscard]] std::unique_ptr<TrainingRule<Real>> make_filter_rule(std::unique_ptr<UpdateRule> rule);

}  // namespace brink
