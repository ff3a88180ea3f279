// Reads an update rule, a start and a sequence of gradients, and prints θ after every step, so that another framework
// can be held against the rule that is used in simulation and training.
//
//   brink_update_rules RULE ETA MOMENTUM DAMPENING WEIGHT_DECAY SECOND_MOMENTUM EPSILON STEPS SIZE < numbers
//
// Standard input: θ₀ (SIZE numbers), the first buffer (SIZE numbers), then STEPS gradients. Numbers are read and
// printed in full.

#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "brink/training/training_rule.hpp"

namespace {

brink::Vector read(brink::Index size) {
  brink::Vector numbers(size);
  for (double& number : numbers)
    if (!(std::cin >> number)) throw std::runtime_error("standard input ends early");
  return numbers;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 10) throw std::runtime_error("need 9 arguments");
  brink::TrainingRuleParameters parameters;
  const double eta = std::stod(arguments[2]);
  parameters.momentum = std::stod(arguments[3]);
  parameters.dampening = std::stod(arguments[4]);
  parameters.weight_decay = std::stod(arguments[5]);
  parameters.second_momentum = std::stod(arguments[6]);
  parameters.epsilon = std::stod(arguments[7]);
  const int steps = std::stoi(arguments[8]);
  const brink::Index size = std::stol(arguments[9]);

  const auto rule = brink::make_training_rule<double>(arguments[1], parameters);
  auto state = brink::initial_state(*rule, read(size));
  const brink::Vector buffer = read(size);
  if (rule->buffers() > 0) state.buffers.head(size) = buffer;
  const brink::GradientAt<double> elsewhere = [](const brink::Vector&, brink::Vector&) -> double {
    throw std::runtime_error("this rule needs gradients at other points");
  };
  for (int step = 0; step < steps; ++step) {
    brink::Vector gradient = read(size);
    rule->step(eta, gradient, elsewhere, state);
    for (const double number : state.theta) std::printf("%.17g\n", number);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "brink_update_rules: %s\n", error.what());
  return 2;
}
