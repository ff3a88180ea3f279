#pragma once
// Phase diagrams: where in a plane of step size η, batch size B and momentum β the dynamics is stable, in which sense,
// and how fast it grows. docs/theory.md, (4.4) and (6.1).
//
// Two of the three quantities are the axes, the third is fixed or takes a short list of values, one panel each. A line
// is a row of cells along η (along B in a plane of B and β) at fixed values of the rest: exact growth changes its sign
// at most once along it, because noise grows with η and falls with B. So a line is computed at every `coarse`-th cell,
// and then on either side of its boundary: along η the exact threshold of the line says where that is, and the signs of
// the two cells confirm it; otherwise, and for what is measured, gaps between neighbours of different sign are halved.
// A diagram of m lines of n cells costs about m(n/coarse + 3) cells along η, m(n/coarse + log₂ coarse) otherwise.
// Between computed cells the growth is interpolated (phase_interpolation.hpp); what is measured is that of the nearest
// computed cell of the line.
//
// Every cell is a function of model, plan and its place in the grid alone: its random streams are keyed by its number,
// and nothing that another cell has learned is used. So cells may be computed in any order, by any number of threads or
// programs, and again after a crash, with the same bits.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/base/monitor.hpp"
#include "brink/model/model_source.hpp"
#include "brink/simulation/escape_times.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

struct GridAxis {
  std::string quantity;        ///< "eta", "batch" or "momentum"
  bool logarithmic = false;    ///< scale of the axis: of its points, of midpoints, of figures
  std::vector<double> values;  ///< ascending, at least 2
};

/// `points` values from `low` to `high`, evenly spaced on the scale of the axis. Batch sizes are rounded, and those
/// that coincide are one value: an axis may come out shorter. Throws InvalidInput, which names `quantity`, unless low <
/// high, points >= 2, and the values exist (positive on a logarithmic axis, |momentum| < 1, η > 0, B >= 1).
[[nodiscard]] GridAxis make_axis(const std::string& quantity, double low, double high, std::int64_t points,
                                 bool logarithmic);

struct PhasePlan {
  std::string rule = "sgd";
  RuleParameters parameters;  ///< momentum is overwritten
  std::string sampling = "without-replacement";
  GridAxis x;
  GridAxis y;                    ///< of another quantity than x
  std::vector<double> third;     ///< values of the quantity that is on no axis: one panel each, at least one
  std::int64_t coarse = 20;      ///< cells between those of the first grid of a line, ≥ 1; 1 computes every cell
  bool refine_growth = true;     ///< refine where the exact growth changes its sign
  bool refine_lyapunov = false;  ///< refine where the measured Lyapunov exponent does; needs `lyapunov`

  bool measured_growth = false;  ///< Λ(2) by cloning, with replicas that start in the leading mode
  bool lyapunov = false;         ///< top Lyapunov exponent
  bool escape = false;           ///< first passage of the loss over a level
  bool notions = false;          ///< thresholds of the fourth moment and of almost-sure stability
  std::int64_t replicas = 4096;
  std::int64_t steps = 2000;
  std::int64_t burn_in = 500;
  double escape_level = 1000;  ///< in units of the loss at the start; the horizon of escape is `steps`
  std::uint64_t seed = 0;
  int threads = 1;

  [[nodiscard]] std::string third_quantity() const;
};

/// Throws InvalidInput, which names the field, for a plan that cannot be run on the model.
void check_plan(const PhasePlan& plan, const LoadedModel& model);

/// A quantity of a cell, or why there is none.
struct CellValue {
  std::optional<Estimate> estimate;
  std::string reason;
};

/// The thresholds of the setting (rule, β, B) of a cell.
struct SettingThreshold {
  double eta_mean_square = 0;
  double residual = 0;  ///< relative
  double eta_deterministic = 0;
  std::string method;
  std::string reason;  ///< why there is none; empty where there is
};

/// How far another notion of stability than the mean-square one reaches in the setting (rule, β, B) of a cell.
struct NotionThreshold {
  double moment = 0;    ///< q of Λ(q) < 0; 0: almost surely
  CellValue eta;        ///< end of the stable step sizes that begin at 0
  Index intervals = 0;  ///< intervals of stable step sizes that were found: more than 1 where stability comes back
  bool all_intervals = true;  ///< by proof; false: to the resolution of a scan
};

/// Everything that was computed in one cell.
struct PhaseCell {
  CellValue growth;            ///< ln ρ of the second moment, exact
  std::optional<bool> stable;  ///< ln ρ < 0; absent where ln ρ is unknown
  /// Computed in the first cell of a line along η, whose cells share it, and in every cell of a plane of B and β.
  std::optional<SettingThreshold> threshold;
  std::vector<NotionThreshold> notions;  ///< beside `threshold`, ascending moments; empty where they are not wanted
  std::optional<CellValue> measured_growth;
  std::optional<CellValue> lyapunov;
  std::optional<EscapeSummary> escape;
};

/// Cells and lines of a plan, numbered: panel by panel, row by row (y), x fastest.
class PhaseGrid {
 public:
  explicit PhaseGrid(const PhasePlan& plan);

  struct Setting {
    Index panel = 0, x = 0, y = 0;
    double eta = 0;
    double momentum = 0;
    Index batch_size = 1;
  };

  [[nodiscard]] Index cells() const { return panels_ * rows_ * columns_; }
  [[nodiscard]] Index panels() const { return panels_; }
  [[nodiscard]] Index columns() const { return columns_; }  ///< values of x
  [[nodiscard]] Index rows() const { return rows_; }        ///< values of y
  [[nodiscard]] Setting setting(Index cell) const;

  /// True when lines run along x.
  [[nodiscard]] bool lines_along_x() const { return lines_along_x_; }
  [[nodiscard]] Index lines() const { return cells() / line_length(); }
  [[nodiscard]] Index line_length() const { return lines_along_x_ ? columns_ : rows_; }
  [[nodiscard]] Index cell(Index line, Index position) const;

  [[nodiscard]] bool has_eta_axis() const { return has_eta_axis_; }
  /// The cell that holds the thresholds of the setting of `cell`.
  [[nodiscard]] Index threshold_cell(Index cell) const;

 private:
  const PhasePlan* plan_;
  Index panels_ = 0, rows_ = 0, columns_ = 0;
  bool lines_along_x_ = false;
  bool has_eta_axis_ = true;
};

/// The cells of a diagram by their number.
using PhaseCells = std::map<Index, PhaseCell>;

/// One of `count` parts of a diagram, 0 ≤ number < count: lines number, number + count, …
struct Shard {
  Index number = 0;
  Index count = 1;
};

/// The cells that `plan` still wants when `known` are computed: of every line of the shard the coarse ones, or those
/// that close in on a change of sign. Empty when the diagram is complete.
[[nodiscard]] std::vector<Index> wanted_cells(const PhasePlan& plan, const PhaseCells& known, const Shard& shard = {});

/// Computes one cell, its replicas shared by `threads` threads, on which the result does not depend. What fails in the
/// simulation of a cell is a reason in its place, not an error. Throws Interrupted when the monitor says so.
[[nodiscard]] PhaseCell compute_phase_cell(const LoadedModel& model, const PhasePlan& plan, Index cell,
                                           const Monitor& monitor = {}, int threads = 1);

/// The threads of each of `cells` cells that `threads` threads compute at the same time, at least 1.
[[nodiscard]] int threads_of_cell(int threads, std::size_t cells);

/// Who computes the cells of a round: calls `done` once a cell, from any thread, and returns when all are. Throws
/// Interrupted, after the cells that were finished were handed on.
using CellWorkers =
    std::function<void(const std::vector<Index>& cells, const std::function<void(Index cell, PhaseCell value)>& done)>;

/// The threads of this process: one cell each, and where there are fewer cells than threads the replicas of each cell
/// are shared too.
[[nodiscard]] CellWorkers cell_threads(const LoadedModel& model, const PhasePlan& plan, const Monitor& monitor);

/// Computes what is wanted beyond `known`, round by round, in parallel over cells, and returns all cells of the shard.
/// `workers` (empty: the threads of this process) decide where; the result does not depend on it.
/// `keep` (may be empty) is called with every new cell, by one thread at a time. Throws InvalidInput for a plan that
/// cannot be run, Interrupted when the monitor says so, after the cells that were finished were kept.
[[nodiscard]] PhaseCells compute_phase_diagram(const LoadedModel& model, const PhasePlan& plan, PhaseCells known = {},
                                               const Shard& shard = {}, const Monitor& monitor = {},
                                               const std::function<void(Index cell, const PhaseCell& value)>& keep = {},
                                               const CellWorkers& workers = {});

/// For every cell of the grid the computed cell whose values it has: itself, or the nearest of its line (the one before
/// at equal distance). Throws InvalidInput when a line has no computed cell.
[[nodiscard]] std::vector<Index> inherited_from(const PhasePlan& plan, const PhaseCells& cells);

}  // namespace brink
