#include "analysis/extremes.hpp"

#include <algorithm>
#include <cmath>

namespace brink::analysis {
namespace {

bool can_be_compared(const std::vector<double>& values) {
  return !values.empty() && std::none_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

}  // namespace

double above_zero(double x) { return x < 0 ? 0 : x; }

double smallest_of(const std::vector<double>& values) {
  return can_be_compared(values) ? *std::min_element(values.begin(), values.end()) : NAN;
}

double largest_of(const std::vector<double>& values) {
  return can_be_compared(values) ? *std::max_element(values.begin(), values.end()) : NAN;
}

}  // namespace brink::analysis
