#pragma once
// The numbers behind the figures of brink simulate.

#include <vector>

#include "brink/report/figure_data.hpp"

namespace brink {

/// - survival: of --method escape, one curve a row: Kaplan–Meier with 95% bands, the exponential law of the same hazard
///   and the step at which the mean loss passes the level;
/// - hill: of --method tail, the Hill plot with its 95% bands, the estimate and the exact index;
/// - horizon: of --method horizon, plain average, cloning and exact rate against the horizon, T_c marked.
///
/// The last two are one figure a row: "hill", or "hill-1", "hill-2", … where there are several.
[[nodiscard]] std::vector<FigureData> simulation_figures(const std::vector<SimulationRow>& rows);

}  // namespace brink
