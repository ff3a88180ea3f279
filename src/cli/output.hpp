#pragma once
// Where a result goes: standard output in the format asked for, and a run directory.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brink/model/model_source.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/run_directory.hpp"
#include "brink/report/table.hpp"
#include "common_flags.hpp"
#include "configuration.hpp"
#include "console.hpp"

namespace brink::cli {

/// A result in every form.
struct Output {
  std::string json;
  Table table;            ///< for CSV
  std::string text = {};  ///< for people; empty: the table as text
};

/// Writes one form to standard output.
void write_output(const Output& output, Format format);

/// The run directory of a command, taken before the work starts and finished after it.
class Run {
 public:
  /// `sections` is the resolved configuration. Throws InvalidInput when the directory cannot be used.
  Run(const std::filesystem::path& directory, Sections sections, bool force);

  [[nodiscard]] RunDirectory& directory() { return directory_; }

  /// Writes tables/NAME.csv of every table, then provenance.json and result.json.
  void finish(const std::string& json, const std::vector<std::pair<std::string, Table>>& tables, int threads);

 private:
  std::string configuration_;
  RunDirectory directory_;
  std::chrono::steady_clock::time_point started_;
};

/// What was done to the model on its way in, and what its reader should be warned of.
void announce(Console& console, const LoadedModel& model);

/// Writes the figures and draws them; a missing or failing gnuplot is a warning, because their data are in the run.
void draw_figures(RunDirectory& run, const std::vector<FigureData>& figures, Console& console);

}  // namespace brink::cli
