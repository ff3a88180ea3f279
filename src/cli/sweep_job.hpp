#pragma once
// What `sweep` and `merge` share: the [sweep] section, the plan it describes, its resolved configuration, and the
// finished diagram.

#include <optional>
#include <string>
#include <vector>

#include "brink/verification/phase_diagram.hpp"
#include "configuration.hpp"
#include "console.hpp"
#include "output.hpp"

namespace brink::cli {

struct SweepSection {
  std::string x = "batch";
  std::string y = "eta";
  std::vector<double> x_range;
  std::vector<double> y_range;
  std::int64_t x_cells = 40;
  std::int64_t y_cells = 40;
  std::string x_scale;
  std::string y_scale;
  std::vector<std::string> quantities = {"growth", "lyapunov"};
  std::vector<std::string> refine = {"growth"};
  std::int64_t coarse = 20;
  double escape_level = 1000;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    const char* axis = "one of eta, batch, momentum";
    const char* range = "two numbers, the smaller one first";
    const char* scale = "linear or log";
    field("x", self.x, "quantity on the horizontal axis", axis);
    field("y", self.y, "quantity on the vertical axis", axis);
    field("x_range", self.x_range, "its first and last value; none given: 1 and n for batch, 0 and 0.95 for momentum",
          range);
    field("y_range", self.y_range, "the same for the vertical axis", range);
    field("x_cells", self.x_cells, "cells along it; batch sizes that round to the same integer are one cell",
          "an integer >= 2");
    field("y_cells", self.y_cells, "the same for the vertical axis", "an integer >= 2");
    field("x_scale", self.x_scale, "its scale; none given: log for eta and batch, linear for momentum", scale);
    field("y_scale", self.y_scale, "the same for the vertical axis", scale);
    field("quantities", self.quantities, "what is computed in a cell; growth is always",
          "names among growth, measured-growth, lyapunov, escape, notions");
    field("refine", self.refine, "quantities whose change of sign is refined down to neighbouring cells",
          "names among growth, lyapunov");
    field("coarse", self.coarse, "cells between those of the first grid, along eta (along batch where eta is fixed)",
          "an integer >= 1; 1 computes every cell");
    field("escape_level", self.escape_level, "loss at which a replica has escaped, over its loss at the start",
          "a number > 1");
  }
};

struct SweepJob {
  PhasePlan plan;
  Sections sections;  ///< resolved, without [model]
};

/// Reads everything but the model. `samples` is n, for the range of batch sizes where none is given. Throws
/// InvalidInput for what does not go together; the rest is checked with the model by check_plan.
[[nodiscard]] SweepJob read_sweep_job(const Configuration& configuration, std::optional<std::uint64_t> seed,
                                      std::optional<Index> samples);

/// Parses "k/N", 1 ≤ k ≤ N. `origin` is what messages call it.
[[nodiscard]] Shard parse_shard(const std::string& text, const std::string& origin);
[[nodiscard]] std::string shard_text(const Shard& shard);

/// The first line of the checkpoint of a sweep: cells of another build may differ in the last bits.
[[nodiscard]] std::string checkpoint_header(const std::string& build);

/// The build and the cells of a checkpoint; no build and no cells for anything else.
struct SweepCheckpoint {
  std::string build;
  PhaseCells cells;
};
[[nodiscard]] SweepCheckpoint read_sweep_checkpoint(const std::vector<std::string>& lines);

/// Figures, table, result.json, provenance, and the result on standard output.
void finish_sweep(Run& run, Console& console, const std::string& model, const PhasePlan& plan, const PhaseCells& cells,
                  Format format);

}  // namespace brink::cli
