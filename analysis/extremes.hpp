#pragma once
// Extremes that NaN does not slip through: std::max(0.0, NaN) is 0, and std::min over a run that broke off is that over
// the others, so that what could not be measured would pass for what holds.

#include <vector>

namespace brink::analysis {

/// The larger of x and 0; NaN for NaN.
[[nodiscard]] double above_zero(double x);

/// NaN where any of them is, or where there are none.
[[nodiscard]] double smallest_of(const std::vector<double>& values);
[[nodiscard]] double largest_of(const std::vector<double>& values);

}  // namespace brink::analysis
