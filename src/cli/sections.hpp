#pragma once
// The sections of a configuration: one struct each, which drives the TOML reader, the flags of the command line, their
// help and the resolved configuration of a run. [model] is not here: its keys belong to the kind of model.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace brink::cli {

/// Of every rule but sgd, where no momentum is given.
constexpr double kUsualMomentum = 0.9;

template <class List, class Value>
[[nodiscard]] bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

struct OptimizerSection {
  std::vector<std::string> rule = {"sgd"};
  std::vector<double> momentum;
  double nu = 0.7;
  double dampening = 0;
  double weight_decay = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("rule", self.rule, "update rules", "names among sgd, heavy-ball, nesterov, ema, qhm, dampened");
    field("momentum", self.momentum, "momentum coefficients β; none given: 0 for sgd, 0.9 for every other rule",
          "numbers with -1 < momentum < 1");
    field("nu", self.nu, "ν of quasi-hyperbolic momentum", "a number with 0 <= nu <= 1");
    field("dampening", self.dampening, "τ of dampened momentum", "a number with 0 <= dampening < 1");
    field("weight_decay", self.weight_decay, "κ: the gradient g becomes g + κx", "a number >= 0");
  }
};

struct BatchSection {
  std::vector<std::int64_t> size = {1};
  std::vector<std::string> sampling = {"without-replacement"};

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("size", self.size, "batch sizes B, up to the number of samples n", "integers with 1 <= size <= n");
    field("sampling", self.sampling, "how a batch is drawn",
          "names among without-replacement, with-replacement, bernoulli, gaussian; for simulate also reshuffled");
  }
};

struct GridSection {
  std::vector<double> eta;
  std::vector<double> eta_over_threshold;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("eta", self.eta, "step sizes η", "numbers > 0");
    field("eta_over_threshold", self.eta_over_threshold,
          "step sizes as multiples of the mean-square threshold of each cell, instead of eta", "numbers > 0");
  }
};

struct SimulationSection {
  std::string method = "cloning";
  double moment = 2;
  std::int64_t replicas = 4096;
  std::int64_t steps = 2000;
  std::int64_t burn_in = 500;
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("method", self.method, "estimator of the growth rate",
          "one of cloning, ensemble, lyapunov; for simulate also escape, tail, horizon, trajectories, mixing");
    field("moment", self.moment, "q of the moment E‖z‖^q", "a number > 0");
    field("replicas", self.replicas, "replicas that move in parallel", "an integer >= 2");
    field("steps", self.steps, "steps after burn-in", "an integer >= 1; for cloning >= 64");
    field("burn_in", self.burn_in, "steps before the measurement starts", "an integer >= 0");
    field("seed", self.seed, "seed of every random stream", "an integer >= 0");
  }
};

struct VerifySection {
  double level = 0.01;
  double largest_undetectable = 0.02;
  std::vector<std::int64_t> direct_cells;
  bool measure_threshold = true;
  bool equal_cost = true;
  bool curve = true;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("level", self.level, "probability of any false alarm over the whole run", "a number with 0 < level < 1");
    field("largest_undetectable", self.largest_undetectable,
          "relative error of the threshold that every cell must be able to catch with 90% power", "a number > 0");
    field("direct_cells", self.direct_cells,
          "cells (counted from 0, in the order of the table) also run by the direct engine; none given: one is chosen",
          "integers >= 0, below the number of cells");
    field("equal_cost", self.equal_cost,
          "cells of smaller batches move more replicas, up to 64 times, for about the same work a cell",
          "true or false");
    field("measure_threshold", self.measure_threshold,
          "also measure the threshold itself, as the zero of the measured growth", "true or false");
    field("curve", self.curve, "draw the theory at more batch sizes than were simulated", "true or false");
  }
};

}  // namespace brink::cli
