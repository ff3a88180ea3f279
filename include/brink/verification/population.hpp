#pragma once
// A population of linear problems, for hypotheses: every seed is a model of its own (or the same one with other
// batches), every cell and step size of it a run, whose columns are theory, docs/theory.md, (4.4), and measurements,
// docs/theory.md, (6.1). Only the columns that are asked for are computed.

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/base/options.hpp"
#include "brink/model/model_source.hpp"
#include "brink/statistics/observation.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

/// What expressions ask for: names, and calls with a text.
struct WantedColumns {
  std::set<std::string> names;
  std::set<std::pair<std::string, std::string>> calls;

  void add(const Expression& expression);
};

struct LinearPopulationPlan {
  OptionTable model;                ///< [model], with its kind
  std::filesystem::path directory;  ///< its files are relative to this
  bool vary_model = true;           ///< the seed is that of the model …
  bool vary_batches = true;         ///< … and that of the batches
  std::vector<Cell> cells;
  std::vector<double> eta;                 ///< at most one of these two; neither: one run a cell
  std::vector<double> eta_over_threshold;  ///< multiples of η* of the cell
  bool eta_is_effective = false;           ///< `eta` is η/(1 − β)
  // Of the columns that are measured:
  std::int64_t replicas = 1024;
  std::int64_t steps = 500;
  std::int64_t burn_in = 200;
};

/// Names of the columns with a line of help each.
struct ColumnDescription {
  std::string name;
  std::string help;
};
[[nodiscard]] const std::vector<ColumnDescription>& linear_columns();

/// The runs of one seed, cells in the given order, step sizes fastest. A run whose theory or measurement does not
/// converge has a `failure`. Throws InvalidInput for a wanted column that does not exist (with the nearest) and for
/// what is wrong with model, cells or step sizes.
[[nodiscard]] std::vector<Observation> linear_population(const LinearPopulationPlan& plan, std::int64_t seed,
                                                         const WantedColumns& wanted, const Monitor& monitor = {});

/// The step size of a cell at which η/(1 − β) is `effective`.
[[nodiscard]] double step_of_effective_rate(double effective, double momentum);

/// threshold("…") of a cell: "mean-square", "mean" (the noise-free edge), or a published condition by its name. Throws
/// InvalidInput for another name, NotConverged for a condition that does not apply here.
[[nodiscard]] double named_threshold(const LinearizedModel& model, const Cell& cell, const std::string& name);

}  // namespace brink
