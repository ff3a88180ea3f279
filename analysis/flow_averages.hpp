#pragma once
// A run beside its central flow as the numbers of a unit, and averages where the flow has a given number of directions
// at the edge.

#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink::analysis {

/// A unit is these numbers a step.
enum FlowColumn : std::size_t {
  kOscillating,
  kFlowLoss,
  kAverageLoss,
  kDescentLoss,
  kFlowFirst,
  kFlowSecond,
  kDescentFirst,
  kDescentSecond,
  kVariance,
  kDistance,
  kResidual,
  kFlowColumns
};

/// The mean of a column over the steps at which the flow has `oscillating` directions; NaN for fewer than 100.
[[nodiscard]] double flow_average(const std::vector<double>& values, FlowColumn column, Index oscillating);

}  // namespace brink::analysis
