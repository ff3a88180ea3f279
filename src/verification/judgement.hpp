#pragma once
// Scores, power and verdicts: the statistics of a verification, without trajectories.

#include <vector>

#include "measurement.hpp"

namespace brink {

/// The comparisons of measured against theoretical values, in the order of `units`, and the verdict of every cell.
[[nodiscard]] VerificationReport judge(const VerificationPlan& plan, const std::vector<CellTheory>& theories,
                                       const std::vector<MeasurementUnit>& units,
                                       const std::vector<Measurement>& measurements);

}  // namespace brink
