#pragma once
// A phase diagram in every form: JSON (schema brink.sweep/1), table, figure data, and lines of a checkpoint.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/verification/phase_diagram.hpp"

namespace brink {

/// The object "model" of a result, as JSON text.
[[nodiscard]] std::string phase_model_json(const LoadedModel& model);

/// {"schema":"brink.sweep/1","model":{…},"axes":[…],…,"cells":[…]}: cells panel by panel, row by row, x fastest. A cell
/// that was not computed has "computed": false and the number of the cell whose measured values it takes, and
/// "interpolated": true with "log_growth", "log_growth_error" (the bound), "log_growth_method", "bound_proven" and
/// "stable" where interpolate_growth has them.
/// `model` is phase_model_json of the model. Throws InvalidInput unless the diagram is complete.
[[nodiscard]] std::string phase_json(std::string_view model, const PhasePlan& plan, const PhaseCells& cells);

/// {"schema":"brink.sweep-shard/1","shard":"k/N","model":{…},"cells_computed":…}: what a part leaves as its result; its
/// cells are in its checkpoint.
[[nodiscard]] std::string phase_shard_json(std::string_view model, const Shard& shard, const PhaseCells& cells);

/// The object "model" of a result in JSON, as it was written. Throws InvalidInput for other text.
[[nodiscard]] std::string model_of_result(std::string_view result_json);

/// One line a cell, in the order of the JSON; of a cell that was not computed only ln ρ, where it is interpolated.
[[nodiscard]] Table phase_table(const PhasePlan& plan, const PhaseCells& cells);

/// "phase-diagram": ln ρ over the plane, one picture a panel, with the mean-square boundary and the noise-free edge;
/// and "phase-diagram-lyapunov" where the exponent was measured. Along η the boundary is the exact threshold of each
/// line; in a plane of B and β it is interpolated between the two cells on either side.
///
/// Columns: figure, rule, sampling, panel (0, 1, …), third (its quantity), third_value, x_quantity, x_scale,
/// y_quantity, y_scale, kind, x, x_low, x_high, y, y_low, y_high, value. Rows of kind "cell" are boxes of cells with
/// the same value, those of kind "boundary", "edge", "almost-sure" and "moment-4" are the points of curves; the last
/// two where PhasePlan::notions asks for them and one of the axes is η.
[[nodiscard]] std::vector<FigureData> phase_figures(const PhasePlan& plan, const PhaseCells& cells);

/// A cell as one line of JSON that reads back to the same bits.
[[nodiscard]] std::string phase_record(Index cell, const PhaseCell& value);

/// The reverse. Throws InvalidInput for other text.
[[nodiscard]] std::pair<Index, PhaseCell> read_phase_record(const std::string& text);

}  // namespace brink
