#include "analysis/unit_columns.hpp"

namespace brink::analysis {

std::vector<double> unit_column(const std::vector<double>& values, std::size_t first, std::size_t width) {
  std::vector<double> picked;
  for (std::size_t i = first; i < values.size(); i += width) picked.push_back(values[i]);
  return picked;
}

}  // namespace brink::analysis
