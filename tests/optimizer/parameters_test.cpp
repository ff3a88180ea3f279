// What a rule accepts, what it refuses, and that the message says which argument was wrong.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/optimizer/update_rule.hpp"

using brink::InvalidInput;
using brink::make_update_rule;
using brink::RuleParameters;

namespace {

const char* const kNames[] = {"sgd", "heavy-ball", "nesterov", "ema", "qhm", "dampened"};
const double kNotANumber = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

RuleParameters with_momentum(double beta) {
  RuleParameters parameters;
  parameters.momentum = beta;
  return parameters;
}

}  // namespace

TEST_CASE("momentum must lie strictly between −1 and 1", "[fast][optimizer]") {
  for (const auto* name : kNames)
    for (const double beta : {-1.0, 1.0, 1.5, -7.0, kInfinity, -kInfinity, kNotANumber}) {
      INFO(name << " beta=" << beta);
      CHECK_THROWS_AS(make_update_rule(name, with_momentum(beta)), InvalidInput);
    }
  for (const auto* name : kNames) {
    if (std::string_view(name) == "sgd") continue;
    for (const double beta : {-0.999, 0.0, 0.999}) CHECK(make_update_rule(name, with_momentum(beta)) != nullptr);
  }
}

TEST_CASE("plain SGD has no momentum", "[fast][optimizer]") {
  CHECK(make_update_rule("sgd", with_momentum(0)) != nullptr);
  for (const double beta : {0.5, -0.5, 1e-12})
    CHECK_THROWS_AS(make_update_rule("sgd", with_momentum(beta)), InvalidInput);
}

TEST_CASE("ν must lie between 0 and 1", "[fast][optimizer]") {
  RuleParameters parameters = with_momentum(0.5);
  for (const double nu : {-0.1, 1.1, -1e-12, kInfinity, kNotANumber}) {
    parameters.nu = nu;
    CHECK_THROWS_AS(make_update_rule("qhm", parameters), InvalidInput);
  }
  for (const double nu : {0.0, 1.0}) {
    parameters.nu = nu;
    CHECK(make_update_rule("qhm", parameters) != nullptr);
  }
}

TEST_CASE("dampening must lie between 0 and 1, 1 excluded", "[fast][optimizer]") {
  RuleParameters parameters = with_momentum(0.5);
  for (const double tau : {-0.1, 1.0, 2.0, kInfinity, -kInfinity, kNotANumber}) {
    parameters.dampening = tau;
    CHECK_THROWS_AS(make_update_rule("dampened", parameters), InvalidInput);
  }
  for (const double tau : {0.0, 0.3, 0.999}) {
    parameters.dampening = tau;
    CHECK(make_update_rule("dampened", parameters) != nullptr);
  }
}

TEST_CASE("weight decay must be finite and not negative", "[fast][optimizer]") {
  for (const auto* name : kNames) {
    RuleParameters parameters;
    for (const double kappa : {-0.1, -1e-12, kInfinity, kNotANumber}) {
      parameters.weight_decay = kappa;
      CHECK_THROWS_AS(make_update_rule(name, parameters), InvalidInput);
    }
    parameters.weight_decay = 0.1;
    CHECK(make_update_rule(name, parameters) != nullptr);
  }
}

TEST_CASE("a parameter that a rule does not have changes nothing", "[fast][optimizer]") {
  // One set of parameters serves a grid over several rules: each reads those it has.
  for (const auto* name : kNames) {
    INFO(name);
    RuleParameters parameters;
    const double edge = make_update_rule(name, parameters)->deterministic_edge();
    if (std::string_view(name) != "qhm") parameters.nu = 0.3;
    if (std::string_view(name) != "dampened") parameters.dampening = 0.3;
    CHECK(make_update_rule(name, parameters)->deterministic_edge() == edge);
  }
}

TEST_CASE("messages name the argument, the value and what is allowed", "[fast][optimizer]") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(make_update_rule("heavy-ball", with_momentum(1.5)),
                    Contains("momentum") && Contains("1.5") && Contains("need"));
  CHECK_THROWS_WITH(make_update_rule("adam", {}), Contains("adam") && Contains("heavy-ball"));
  CHECK_THROWS_AS(make_update_rule("", {}), InvalidInput);
  CHECK_THROWS_AS(make_update_rule("SGD", {}), InvalidInput);
}

TEST_CASE("every rule of the table is known under its name", "[fast][optimizer]") {
  const auto names = brink::update_rule_names();
  for (const auto* name : kNames) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
    CHECK(make_update_rule(name, {})->name() == name);
  }
}
