#pragma once
// Results as tables: the same numbers as in json_report.hpp, one line a cell or a comparison.

#include <vector>

#include "brink/report/results.hpp"
#include "brink/report/table.hpp"

namespace brink {

/// One line a cell, or a cell and step size where there is growth; one column a bound where there are bounds.
[[nodiscard]] Table threshold_table(const std::vector<ThresholdRow>& rows);

/// One line a cell and bound: its step size, status, whether it is vacuous, why, and the paper.
[[nodiscard]] Table bound_table(const std::vector<ThresholdRow>& rows);

/// One line a cell and step size.
[[nodiscard]] Table simulation_table(const std::vector<SimulationRow>& rows);

/// One line a comparison.
[[nodiscard]] Table comparison_table(const VerificationReport& report);

/// One line a cell: threshold of theory, measured threshold with its 95% interval, smallest error it would catch,
/// verdict.
[[nodiscard]] Table cell_table(const VerificationReport& report);

}  // namespace brink
