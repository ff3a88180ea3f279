#include "brink/statistics/time_series.hpp"

#include <cmath>

#include "brink/base/error.hpp"

namespace brink {

namespace {

/// A copy in aligned memory: the order in which Eigen sums follows the alignment, and with it the last bits.
Vector aligned(const std::vector<double>& series) {
  return Eigen::Map<const Vector>(series.data(), static_cast<Index>(series.size()));
}

}  // namespace

double autocorrelation_time(const std::vector<double>& series) {
  const auto size = static_cast<Index>(series.size());
  check_argument(size >= 2, "autocorrelation_time", "series.size()", size, "at least 2 values");
  const Vector values = aligned(series);
  const Vector centred = values.array() - values.mean();
  const double variance = centred.squaredNorm();
  if (!(variance > 1e-28 * values.squaredNorm())) return 1;  // constant up to round-off
  const auto correlation = [&](Index lag) { return centred.head(size - lag).dot(centred.tail(size - lag)) / variance; };
  double time = -1;
  for (Index lag = 0; lag + 1 < size; lag += 2) {
    const double pair = correlation(lag) + correlation(lag + 1);
    if (pair <= 0) break;
    time += 2 * pair;
  }
  // An alternating series can cancel completely; its mean is then known better than any positive time says.
  return std::max(time, 1 / static_cast<double>(size));
}

BatchMeans batch_means(const std::vector<double>& series, Index batches) {
  const auto size = static_cast<Index>(series.size());
  check_argument(batches >= 2 && batches <= size, "batch_means", "batches", batches,
                 "2 <= batches <= number of values = " + std::to_string(size));
  const Vector values = aligned(series);
  const Index length = size / batches;
  Vector means(batches);
  for (Index b = 0; b < batches; ++b) means[b] = values.segment(b * length, length).mean();
  const double spread = (means.array() - means.mean()).matrix().squaredNorm();
  const auto count = static_cast<double>(batches);
  BatchMeans result;
  result.mean = values.mean();
  result.standard_error = std::sqrt(spread / (count * (count - 1)));
  result.degrees_of_freedom = count - 1;
  result.batches = batches;
  result.autocorrelation_time = autocorrelation_time(series);
  return result;
}

BatchMeans batch_means_adaptive(const std::vector<double>& series, Index most) {
  const double time = autocorrelation_time(series);
  const auto size = static_cast<double>(series.size());
  const auto too_short = [&](Index batches) {
    return size / static_cast<double>(batches) < kCorrelationTimesPerBatch * time;
  };
  Index batches = most;
  while (batches / 2 >= kFewestBatches && too_short(batches)) batches /= 2;
  BatchMeans result = batch_means(series, batches);
  result.is_correlated = too_short(batches);
  return result;
}

}  // namespace brink
