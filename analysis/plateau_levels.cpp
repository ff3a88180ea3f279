#include "analysis/plateau_levels.hpp"

#include <algorithm>
#include <cmath>

#include "brink/statistics/regression.hpp"

namespace brink::analysis {

double gap_slope(const std::vector<Index>& batches, const std::vector<double>& tops) {
  std::vector<double> sizes, gaps;
  for (std::size_t b = 0; b + 1 < batches.size(); ++b) {
    const double gap = tops.back() - tops[b];
    if (!(gap > 0) || !std::isfinite(gap)) continue;
    sizes.push_back(static_cast<double>(batches[b]));
    gaps.push_back(gap);
  }
  return gaps.size() >= 3 ? fit_power_law(sizes, gaps).slope.value : std::nan("");
}

double smallest_rise(const std::vector<double>& levels) {
  double least = INFINITY, last = std::nan("");
  for (const double level : levels) {
    if (std::isnan(level)) continue;
    if (!std::isnan(last)) least = std::min(least, level - last);
    last = level;
  }
  return least;
}

}  // namespace brink::analysis
