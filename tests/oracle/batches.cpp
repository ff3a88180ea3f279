#include "oracle/batches.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>

namespace oracle {

namespace {

std::vector<int> members(unsigned mask, int samples) {
  std::vector<int> out;
  for (int k = 0; k < samples; ++k)
    if (mask >> k & 1U) out.push_back(k);
  return out;
}

std::vector<Batch> subsets_of_size(int samples, int batch_size) {
  std::vector<Batch> out;
  for (unsigned mask = 0; mask < 1U << samples; ++mask) {
    const auto batch = members(mask, samples);
    if (static_cast<int>(batch.size()) == batch_size) out.push_back({0, batch});
  }
  for (auto& batch : out) batch.probability = 1.0 / static_cast<double>(out.size());
  return out;
}

std::vector<Batch> tuples(int samples, int batch_size) {
  std::map<std::vector<int>, double> merged;
  std::vector<int> tuple(static_cast<std::size_t>(batch_size), 0);
  const double probability = std::pow(samples, -batch_size);
  while (true) {
    auto sorted = tuple;
    std::sort(sorted.begin(), sorted.end());
    merged[sorted] += probability;
    std::size_t digit = 0;
    while (digit < tuple.size() && ++tuple[digit] == samples) tuple[digit++] = 0;
    if (digit == tuple.size()) break;
  }
  std::vector<Batch> out;
  for (const auto& [batch, weight] : merged) out.push_back({weight, batch});
  return out;
}

std::vector<Batch> independent_members(int samples, int batch_size) {
  const double q = static_cast<double>(batch_size) / samples;
  std::vector<Batch> out;
  for (unsigned mask = 0; mask < 1U << samples; ++mask) {
    const auto batch = members(mask, samples);
    const int size = static_cast<int>(batch.size());
    out.push_back({std::pow(q, size) * std::pow(1 - q, samples - size), batch});
  }
  return out;
}

/// Calls `visit(partner)` for every perfect matching of `count` positions: partner[i] is matched with i.
void all_pairings(std::vector<int>& partner, const std::function<void(const std::vector<int>&)>& visit) {
  const auto free = std::find(partner.begin(), partner.end(), -1);
  if (free == partner.end()) return visit(partner);
  const int first = static_cast<int>(free - partner.begin());
  for (int second = first + 1; second < static_cast<int>(partner.size()); ++second) {
    if (partner[static_cast<std::size_t>(second)] != -1) continue;
    partner[static_cast<std::size_t>(first)] = second;
    partner[static_cast<std::size_t>(second)] = first;
    all_pairings(partner, visit);
    partner[static_cast<std::size_t>(first)] = -1;
    partner[static_cast<std::size_t>(second)] = -1;
  }
}

/// E[H_B^power] for Gaussian rows. The product a_1 a_1ᵀ a_2 a_2ᵀ … has the factors (index of the row, coordinate)
/// 0,1 | 2,3 | 4,5; a pairing forces the rows it joins to be one row, so it counts B^(number of groups of rows).
Matrix gaussian_power(const Matrix& h, int batch_size, int power) {
  const int d = static_cast<int>(h.rows());
  const int factors = 2 * power;
  Matrix sum = Matrix::Zero(d, d);
  std::vector<int> partner(static_cast<std::size_t>(factors), -1);
  all_pairings(partner, [&](const std::vector<int>& pairs) {
    std::vector<int> group(static_cast<std::size_t>(power));
    std::iota(group.begin(), group.end(), 0);
    for (int i = 0; i < factors; ++i) {
      const int from = group[static_cast<std::size_t>(i / 2)];
      const int to = group[static_cast<std::size_t>(pairs[static_cast<std::size_t>(i)] / 2)];
      std::replace(group.begin(), group.end(), from, to);
    }
    std::sort(group.begin(), group.end());
    const auto groups = std::unique(group.begin(), group.end()) - group.begin();
    const double weight = std::pow(batch_size, static_cast<double>(groups) - power);
    // Coordinates: factor 0 has i, factor 2power−1 has l, factors 2s−1 and 2s share a summed coordinate.
    const int inner = power - 1;
    const int combinations = static_cast<int>(std::lround(std::pow(d, inner)));
    for (int i = 0; i < d; ++i)
      for (int l = 0; l < d; ++l)
        for (int code = 0; code < combinations; ++code) {
          std::vector<int> coordinate(static_cast<std::size_t>(factors));
          coordinate.front() = i;
          coordinate.back() = l;
          for (int s = 0, rest = code; s < inner; ++s, rest /= d)
            coordinate[static_cast<std::size_t>(2 * s + 1)] = coordinate[static_cast<std::size_t>(2 * s + 2)] =
                rest % d;
          double product = weight;
          for (int f = 0; f < factors; ++f) {
            const int g = pairs[static_cast<std::size_t>(f)];
            if (f < g) product *= h(coordinate[static_cast<std::size_t>(f)], coordinate[static_cast<std::size_t>(g)]);
          }
          sum(i, l) += product;
        }
  });
  return sum;
}

}  // namespace

std::vector<Batch> all_batches(std::string_view law, int samples, int batch_size) {
  if (law == "without-replacement") return subsets_of_size(samples, batch_size);
  if (law == "with-replacement") return tuples(samples, batch_size);
  if (law == "bernoulli") return independent_members(samples, batch_size);
  throw std::invalid_argument("all_batches: law = " + std::string(law));
}

std::pair<double, double> law_coefficients(std::string_view law, double samples, double batch_size) {
  if (law == "without-replacement") {
    const double p = samples > 1 ? (samples - batch_size) / (batch_size * (samples - 1)) : 0;
    return {p, p};
  }
  if (law == "with-replacement") return {1 / batch_size, 1 / batch_size};
  return {(1 - batch_size / samples) / batch_size, 0};
}

Matrix batch_mean(const Batch& batch, int batch_size, const std::vector<Matrix>& matrices) {
  Matrix sum = Matrix::Zero(matrices.front().rows(), matrices.front().cols());
  for (const int k : batch.samples) sum += matrices[static_cast<std::size_t>(k)];
  return sum / batch_size;
}

HessianMoments hessian_moments(const std::vector<Batch>& batches, int batch_size, const std::vector<Matrix>& hessians) {
  const auto d = hessians.front().rows();
  HessianMoments moments{Matrix::Zero(d, d), Matrix::Zero(d, d)};
  for (const auto& batch : batches) {
    const Matrix h = batch_mean(batch, batch_size, hessians);
    const Matrix square = h * h;
    moments.second += batch.probability * square;
    moments.third += batch.probability * (square * h);
  }
  return moments;
}

HessianMoments gaussian_hessian_moments(const Matrix& hessian, int batch_size) {
  return {gaussian_power(hessian, batch_size, 2), gaussian_power(hessian, batch_size, 3)};
}

double batch_sharpness(const HessianMoments& moments, const Matrix& covariance) {
  return (moments.third.cwiseProduct(covariance)).sum() / (moments.second.cwiseProduct(covariance)).sum();
}

}  // namespace oracle
