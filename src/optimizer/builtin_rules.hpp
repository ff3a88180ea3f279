#pragma once
// Factories of the rules that ship with Brink, one file each.

#include <memory>

#include "brink/optimizer/update_rule.hpp"

namespace brink {

std::unique_ptr<UpdateRule> make_sgd(const RuleParameters& parameters);
std::unique_ptr<UpdateRule> make_heavy_ball(const RuleParameters& parameters);
std::unique_ptr<UpdateRule> make_nesterov(const RuleParameters& parameters);
std::unique_ptr<UpdateRule> make_dampened(const RuleParameters& parameters);
std::unique_ptr<UpdateRule> make_ema(const RuleParameters& parameters);
std::unique_ptr<UpdateRule> make_qhm(const RuleParameters& parameters);

}  // namespace brink
