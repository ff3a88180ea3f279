#pragma once
// The grid of a command: the sections that span it, and the cells it has.

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "brink/sampling/batch_law.hpp"
#include "brink/verification/verification.hpp"
#include "configuration.hpp"
#include "option_flags.hpp"
#include "sections.hpp"

namespace brink::cli {

/// [optimizer], [batch] and [grid], from a configuration and from flags (which win).
struct GridOptions {
  OptimizerSection optimizer;
  BatchSection batch;
  GridSection grid;

  void read(const Configuration& configuration);
};

class GridFlags {
 public:
  /// `step_sizes` is false for a command that has no --eta.
  void add(CLI::App& app, bool step_sizes = true);
  void apply(GridOptions& options) const;

 private:
  SectionFlags optimizer_;
  SectionFlags batch_;
  SectionFlags grid_;
};

/// Every cell: rule, momentum, batch size, sampling, nested in this order, the last fastest, values as given. Throws
/// InvalidInput for a rule, momentum, law or batch size that does not exist or does not go with the model.
/// With a population, batches are drawn from that many samples instead of those of the model. The sampling kReshuffled
/// is no law of independent batches: it is refused unless `allow_epochs`.
[[nodiscard]] std::vector<Cell> make_cells(const GridOptions& options, const LinearizedModel& model,
                                           std::optional<Index> population = {}, bool allow_epochs = false);

/// Epochs of a shuffled data set, as a sampling.
inline constexpr const char* kReshuffled = "reshuffled";

/// The law of a cell, on the population when there is one.
[[nodiscard]] std::shared_ptr<const BatchLaw> law_of(const std::string& sampling, std::optional<Index> population);

/// Throws InvalidInput unless every step size of the grid is a number > 0.
void check_step_sizes(const GridSection& grid);

/// The law of independent batches nearest to a sampling: without replacement for shuffled epochs.
[[nodiscard]] std::shared_ptr<const BatchLaw> nearest_law(const std::string& sampling);

/// The step sizes of a cell: as given, or multiples of the mean-square threshold of nearest_law(). Throws InvalidInput
/// for multiples of a threshold that is zero or infinite.
[[nodiscard]] std::vector<double> step_sizes(const LinearizedModel& model, const Cell& cell, const GridSection& grid);

}  // namespace brink::cli
