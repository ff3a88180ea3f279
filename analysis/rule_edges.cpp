#include "analysis/rule_edges.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace brink::analysis {
namespace {

constexpr std::ptrdiff_t kSettling = 20;  // records

/// Where `values` are looked at from; the end where they are not.
std::vector<double>::const_iterator settled_from(const std::vector<double>& ratio, const std::vector<double>& values) {
  const auto crossing = std::find_if(ratio.begin(), ratio.end(), [](double r) { return r >= 1; }) - ratio.begin();
  const bool enough = crossing + 2 * kSettling <= static_cast<std::ptrdiff_t>(values.size());
  return enough ? values.begin() + crossing + kSettling : values.end();
}

}  // namespace

double RuleEdge::at(double gradient_norm) const {
  const double beta = momentum;
  if (rule == "heavy-ball") return 2 * (1 + beta) / eta;
  if (rule == "nesterov") return 2 * (1 + beta) / ((1 + 2 * beta) * eta);
  if (rule == "adam") return 2 * (1 + beta) / ((1 - beta) * eta);
  if (rule == "sam") return gradient_norm / (2 * radius) * (std::sqrt(1 + 8 * radius / (eta * gradient_norm)) - 1);
  return 2 / eta;
}

double mean_after_crossing(const std::vector<double>& ratio, const std::vector<double>& values) {
  const auto from = settled_from(ratio, values);
  if (from == values.end()) return NAN;
  return std::accumulate(from, values.end(), 0.0) / static_cast<double>(values.end() - from);
}

double growth_after_crossing(const std::vector<double>& ratio, const std::vector<double>& values) {
  const auto from = settled_from(ratio, values);
  return from == values.end() ? NAN : values.back() / *from;
}

}  // namespace brink::analysis
