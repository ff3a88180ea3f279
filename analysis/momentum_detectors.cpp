#include "analysis/momentum_detectors.hpp"

#include <algorithm>
#include <cmath>

namespace brink::analysis {

double final_loss(const std::vector<double>& loss, std::size_t records) {
  if (loss.size() < records) return NAN;
  double sum = 0;
  const std::size_t from = records - records / 5;
  for (std::size_t i = from; i < records; ++i) sum += std::log(loss[i]);
  return std::exp(sum / static_cast<double>(records - from));
}

double largest_after_start(const std::vector<double>& sharpness) {
  double largest = 0;
  for (std::size_t i = sharpness.size() / 10; i < sharpness.size(); ++i) largest = std::max(largest, sharpness[i]);
  return largest;
}

Index first_jump(const std::vector<double>& sharpness, double rate) {
  for (std::size_t i = sharpness.size() / 10; i + 3 <= sharpness.size(); ++i)
    if (sharpness[i] > 1 / rate && sharpness[i + 1] > 1 / rate && sharpness[i + 2] > 1 / rate)
      return static_cast<Index>(i);
  return -1;
}

Index first_split(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t n = std::min(a.size(), b.size());
  int run = 0;
  for (std::size_t i = n / 10; i < n; ++i) {
    run = std::abs(a[i] - b[i]) > 0.2 * std::min(a[i], b[i]) ? run + 1 : 0;
    if (run == 20) return static_cast<Index>(i) - 19;
  }
  return -1;
}

}  // namespace brink::analysis
