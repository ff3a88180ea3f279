#pragma once
// Loss alignment and escape as results: JSON, tables and the data of two figures.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brink/model/loss_alignment.hpp"
#include "brink/model/model_source.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/simulation/growth.hpp"
#include "brink/simulation/trajectory_alignment.hpp"
#include "brink/stability/escape.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

/// The alignment along one direction that was asked for.
struct DirectionRow {
  std::string name;  ///< the file, or "mode i"
  LossAlignment alignment;
  double outside_range = 0;  ///< share of its squared length outside the range of H, where nothing happens
};

/// Growth at one step size, three ways, and the alignment along a trajectory.
struct EscapeRow {
  double eta = 0;
  MeanSquareGrowth exact;
  GrowthEstimate measured;
  std::optional<TrajectoryAlignment> trajectory;
  std::string trajectory_reason;  ///< why it is absent: the trajectory reached the minimum, or overflowed
};

struct AlignmentRow {
  Cell cell;
  MeanSquareThreshold threshold;
  std::optional<LossAlignment> critical;  ///< at the critical mode; absent where the threshold is the noise-free edge
  EscapeBound bound;
  std::vector<EscapeRow> escape;
  /// Exact ln growth between the step sizes of `escape`, (η, ln ρ) by η: the curve of the figure; may be empty.
  std::vector<std::pair<double, double>> curve;
};

/// {"schema":"brink.alignment/1","model":{…},"direction":{…} or absent,"rows":[…]}.
[[nodiscard]] std::string alignment_json(const LoadedModel& model, const std::optional<DirectionRow>& direction,
                                         const std::vector<AlignmentRow>& rows);

/// One line a cell and step size; a line a cell where there are no step sizes.
[[nodiscard]] Table alignment_table(const std::vector<AlignmentRow>& rows);

/// One line.
[[nodiscard]] Table direction_table(const DirectionRow& direction);

/// - alignment: the three factors along the trajectory of the first step size of a cell that has one, over at most
///   kFigureSteps steps, with their values at the critical mode: "alignment", or one figure a cell with its name;
/// - escape: exact growth, measured growth and the bound against η/η*, one curve a batch size: "escape", or
///   "escape-RULE-MOMENTUM-SAMPLING" where there are several. Cells without step sizes have no figure.
[[nodiscard]] std::vector<FigureData> alignment_figures(const std::vector<AlignmentRow>& rows);

inline constexpr Index kFigureSteps = 200;

}  // namespace brink
