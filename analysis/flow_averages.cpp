#include "analysis/flow_averages.hpp"

#include <cmath>

namespace brink::analysis {

double flow_average(const std::vector<double>& values, FlowColumn column, Index oscillating) {
  double sum = 0;
  Index count = 0;
  for (std::size_t t = 0; (t + 1) * kFlowColumns <= values.size(); ++t)
    if (std::lround(values[t * kFlowColumns + kOscillating]) == oscillating) {
      sum += values[t * kFlowColumns + column];
      ++count;
    }
  return count >= 100 ? sum / static_cast<double>(count) : NAN;
}

}  // namespace brink::analysis
