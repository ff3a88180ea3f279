#pragma once
// Results as tables: the same numbers as in json_report.hpp, one line a cell or a comparison.

#include <vector>

#include "brink/report/results.hpp"
#include "brink/report/table.hpp"

namespace brink {

/// One line a cell, or a cell and step size where there is growth; with_bounds adds a column a bound.
[[nodiscard]] Table threshold_table(const std::vector<ThresholdRow>& rows, bool with_bounds);

/// One line a cell and bound: its step size, that over the exact threshold, status, whether it is vacuous, why, and the
/// paper.
[[nodiscard]] Table bound_table(const std::vector<ThresholdRow>& rows);

/// One line an inverse question and answer (a line a range of momentum).
[[nodiscard]] Table solution_table(const std::vector<SolutionRow>& rows);

/// One line a new setting: its step size with the same margin, and what the rules of thumb give, as step size and as
/// share of the threshold.
[[nodiscard]] Table coupling_table(const std::vector<CouplingRow>& rows);

/// One line a cell and step size.
[[nodiscard]] Table simulation_table(const std::vector<SimulationRow>& rows);

/// One line a comparison.
[[nodiscard]] Table comparison_table(const VerificationReport& report);

/// One line a cell: threshold of theory, measured threshold with its 95% interval, smallest error it would catch,
/// verdict.
[[nodiscard]] Table cell_table(const VerificationReport& report);

}  // namespace brink
