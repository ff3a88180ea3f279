#include "brink/statistics/multiplicity.hpp"

#include <algorithm>
#include <numeric>

#include "brink/base/error.hpp"

namespace brink {

std::vector<double> holm(const std::vector<double>& p_values) {
  for (const double p : p_values) check_argument(p >= 0 && p <= 1, "holm", "p", p, "0 <= p <= 1");
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto left = static_cast<double>(order.size() - i);
    largest = std::max(largest, std::min(1.0, left * p_values[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

}  // namespace brink
