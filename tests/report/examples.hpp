#pragma once
// Small results by hand, for the tests of reports and figures.

#include <vector>

#include "brink/report/results.hpp"

namespace brink::test {

/// Three samples, one output: rows (1,0), (1,1), (0,2).
[[nodiscard]] LoadedModel example_model();
/// Gaussian rows with spectrum 4, 2, 1.
[[nodiscard]] LoadedModel example_population();
[[nodiscard]] std::vector<ThresholdRow> example_thresholds();
[[nodiscard]] std::vector<SimulationRow> example_simulation();
/// Two cells, the second without a measurement.
[[nodiscard]] VerificationReport example_verification();

[[nodiscard]] Cell example_cell(double momentum, Index batch_size, const std::string& rule = "heavy-ball",
                                const std::string& sampling = "without-replacement");

}  // namespace brink::test
