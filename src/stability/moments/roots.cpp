#include <algorithm>
#include <boost/math/tools/roots.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "moment_method.hpp"

namespace brink {

GrowthRoot growth_root(const GrowthFunction& f, double low, double high) {
  // Next to a step that ends at the minimum f tends to −∞.
  const auto value = [&](double x) { return std::clamp(f(x).value, -1e3, 1e3); };
  const double at_low = value(low);
  const double at_high = value(high);
  std::uintmax_t iterations = 200;
  const auto [a, b] = boost::math::tools::toms748_solve(value, low, high, at_low, at_high,
                                                        boost::math::tools::eps_tolerance<double>(50), iterations);
  GrowthRoot root;
  root.x = 0.5 * (a + b);
  const double step = 1e-5 * std::max(high - low, 1e-3 * std::abs(root.x));
  const double slope = std::abs(value(root.x + step) - value(root.x - step)) / (2 * step);
  root.error = (b - a) + (slope > 0 ? f(root.x).error / slope : 0) + 1e-15 * std::abs(root.x);
  return root;
}

StableSteps single_interval(const GrowthFunction& f, double edge) {
  StableSteps steps;
  steps.searched_to = edge;
  const Estimate at_edge = f(edge);
  if (at_edge.value <= at_edge.error) {
    steps.intervals.push_back({0, 0, edge, 1e-15 * edge, false});
    return steps;
  }
  double high = edge;
  double low = 0.5 * edge;
  while (f(low).value >= 0) {
    high = low;
    low *= 0.5;
    if (low < 1e-12 * edge) throw NotConverged("stable step sizes: none above 1e-12 of the noise-free edge");
  }
  const GrowthRoot root = growth_root(f, low, high);
  steps.intervals.push_back({0, 0, root.x, root.error, false});
  return steps;
}

StableSteps scanned_intervals(const GrowthFunction& f, const std::vector<double>& points) {
  StableSteps steps;
  steps.searched_to = points.back();
  StableInterval open;
  bool stable = true;
  double before = 0;
  for (const double point : points) {
    const bool here = f(point).value < 0;
    if (here != stable) {
      GrowthRoot root;
      if (before == 0) {
        root = {0, 0};  // unstable from the first point on: look below it
        const StableSteps first = single_interval(f, point);
        root = {first.intervals[0].upper, first.intervals[0].upper_error};
      } else {
        root = growth_root(f, before, point);
      }
      if (stable) {
        open.upper = root.x;
        open.upper_error = root.error;
        steps.intervals.push_back(open);
      } else {
        open = {root.x, root.error, 0, 0, false};
      }
      stable = here;
    }
    before = point;
  }
  if (stable) {
    open.upper = points.back();
    open.ends_with_search = true;
    steps.intervals.push_back(open);
  }
  return steps;
}

}  // namespace brink
