#include "analysis/loss_rise.hpp"

#include <cmath>

namespace brink::analysis {

double loss_rise(const Trace& trace, Index at) {
  const auto change = static_cast<double>(at);
  if (trace.rows.empty() || trace.rows.back()[0] < change) return std::nan("");
  if (trace.diverged) return INFINITY;
  const std::size_t loss = trace.column("loss");
  double before = 0, records = 0;
  for (const auto& row : trace.rows) {
    if (row[0] <= change && row[0] > change - 50) before += row[loss], records += 1;
  }
  return trace.largest("loss", change + 1, INFINITY) / (before / records);
}

double log_rise(double rise) { return std::log(std::isinf(rise) ? 1000 : rise); }

}  // namespace brink::analysis
