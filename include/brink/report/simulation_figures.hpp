#pragma once
// The numbers behind the figures of brink simulate.

#include <vector>

#include "brink/report/figure_data.hpp"

namespace brink {

/// - survival: of --method escape, one curve a row: Kaplan–Meier with 95% bands, the exponential law of the same hazard
///   and the step at which the mean loss passes the level;
/// - hill: of --method tail, the Hill plot with its 95% bands, the estimate and the exact index;
/// - horizon: of --method horizon, plain average, cloning and exact rate against the horizon, T_c marked;
/// - trajectories: of --method trajectories, median, band and mean of the loss against the step, and its exact mean;
/// - mixing: of --method mixing, one curve a row: autocorrelation with 95% bands, and the exact decay;
/// - controls: of growth rates under several controls at several step sizes, one curve a control with 95% intervals,
/// and
///   the exact rate.
///
/// hill, horizon and trajectories are one figure a row: "hill", or "hill-1", "hill-2", … where there are several.
[[nodiscard]] std::vector<FigureData> simulation_figures(const std::vector<SimulationRow>& rows);

}  // namespace brink
