#pragma once
// The values of a unit are rows, one after the other.

#include <vector>

namespace brink::analysis {

/// values[first], values[first + width], … to the end.
[[nodiscard]] std::vector<double> unit_column(const std::vector<double>& values, std::size_t first, std::size_t width);

}  // namespace brink::analysis
