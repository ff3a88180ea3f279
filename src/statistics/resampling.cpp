#include "brink/statistics/resampling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "brink/base/error.hpp"
#include "brink/sampling/philox.hpp"
#include "brink/statistics/time_series.hpp"
#include "sample.hpp"

namespace brink {
namespace {

/// Extreme resamples that must lie beyond an end of an interval for its quantile to mean something.
constexpr double kFewestBeyond = 10;
constexpr std::uint32_t kPermutations = 1;  // the streams of bootstrap draws have replica 0
constexpr std::uint32_t kSignFlips = 2;

void check_options(const char* here, const BootstrapOptions& options) {
  check_argument(options.confidence > 0 && options.confidence < 1, here, "confidence", options.confidence,
                 "0 < confidence < 1");
  check_argument(options.resamples >= 200, here, "resamples", options.resamples, "an integer >= 200");
}

double finite(const char* here, double value) {
  check_argument(std::isfinite(value), here, "statistic", value, "a finite number on every resample");
  return value;
}

/// The quantile of sorted values by linear interpolation of the plotting positions i/(n + 1).
double quantile(const std::vector<double>& sorted, double probability) {
  const auto n = static_cast<double>(sorted.size());
  const double position = std::clamp(probability * (n + 1) - 1, 0.0, n - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// a = Σd³/(6(Σd²)^{3/2}), d the jackknife's deviations.
double acceleration_of(const std::vector<double>& values, const Statistic& statistic, const char* here) {
  std::vector<double> left(values.begin() + 1, values.end());
  std::vector<double> jackknife;
  for (std::size_t i = 0;; ++i) {
    jackknife.push_back(finite(here, statistic(left)));
    if (i + 1 == values.size()) break;
    left[i] = values[i];  // leaves out i + 1 now
  }
  const double mean = mean_of(jackknife);
  double squares = 0;
  double cubes = 0;
  for (const double value : jackknife) {
    const double d = mean - value;
    squares += d * d;
    cubes += d * d * d;
  }
  return squares > 0 ? cubes / (6 * squares * std::sqrt(squares)) : 0;
}

bool at_least_as_extreme(double value, double observed, Alternative alternative) {
  const double slack = 1e-12 * std::abs(observed);  // equal arrangements may differ by rounding
  switch (alternative) {
    case Alternative::greater:
      return value >= observed - slack;
    case Alternative::less:
      return value <= observed + slack;
    case Alternative::different:
      break;
  }
  return std::abs(value) >= std::abs(observed) - slack;
}

/// n over k, or more than `most`.
std::int64_t combinations(std::int64_t n, std::int64_t k, std::int64_t most) {
  double count = 1;
  for (std::int64_t i = 1; i <= k; ++i) {
    count = count * static_cast<double>(n - k + i) / static_cast<double>(i);
    if (count > static_cast<double>(most)) return most + 1;
  }
  return std::llround(count);
}

}  // namespace

BootstrapResult bootstrap_bca(const std::vector<double>& values, const Statistic& statistic,
                              const BootstrapOptions& options) {
  constexpr const char* here = "bootstrap_bca";
  check_options(here, options);
  check_argument(values.size() >= 3, here, "values", values.size(), "at least 3 values");
  BootstrapResult result;
  result.value = finite(here, statistic(values));
  std::vector<double> resample(values.size());
  std::vector<double> replicates;
  for (Index b = 0; b < options.resamples; ++b) {
    Philox random(options.seed, Purpose::bootstrap, 0, static_cast<std::uint32_t>(b));
    for (double& value : resample) value = values[random.below(static_cast<std::uint32_t>(values.size()))];
    replicates.push_back(finite(here, statistic(resample)));
  }
  result.bias = mean_of(replicates) - result.value;
  result.standard_error = deviation_of(replicates);
  std::sort(replicates.begin(), replicates.end());
  if (replicates.front() == replicates.back()) {
    result.interval = {replicates.front(), replicates.front()};
    return result;
  }
  // Ties count half.
  const auto less = std::lower_bound(replicates.begin(), replicates.end(), result.value) - replicates.begin();
  const auto upto = std::upper_bound(replicates.begin(), replicates.end(), result.value) - replicates.begin();
  const auto count = static_cast<double>(options.resamples);
  const double share = std::clamp(0.5 * static_cast<double>(less + upto) / count, 0.5 / count, 1 - 0.5 / count);
  result.median_bias = normal_quantile(share);
  result.acceleration = acceleration_of(values, statistic, here);
  const auto end = [&](double z) {
    const double shifted = result.median_bias + z;
    const double probability = normal_cdf(result.median_bias + shifted / (1 - result.acceleration * shifted));
    result.extrapolated =
        result.extrapolated || probability * count < kFewestBeyond || (1 - probability) * count < kFewestBeyond;
    return quantile(replicates, probability);
  };
  const double z = normal_quantile(0.5 + 0.5 * options.confidence);
  result.interval = {end(-z), end(z)};
  return result;
}

BlockBootstrapResult block_bootstrap(const std::vector<double>& series, const Statistic& statistic,
                                     const BootstrapOptions& options) {
  constexpr const char* here = "block_bootstrap";
  check_options(here, options);
  check_argument(series.size() >= 16, here, "series", series.size(), "at least 16 values");
  const auto size = static_cast<Index>(series.size());
  const double time = autocorrelation_time(series);
  BlockBootstrapResult result;
  result.value = finite(here, statistic(series));
  result.effective_samples = static_cast<double>(size) / time;
  const double length = std::cbrt(time * time * static_cast<double>(size));
  result.block_length = std::clamp<Index>(static_cast<Index>(std::ceil(length)), 1, size / 2);
  result.is_correlated = size / result.block_length < kFewestBatches;
  std::vector<double> resample(series.size());
  std::vector<double> replicates;
  for (Index b = 0; b < options.resamples; ++b) {
    Philox random(options.seed, Purpose::bootstrap, 0, static_cast<std::uint32_t>(b));
    for (Index i = 0; i < size; i += result.block_length) {
      const Index start = random.below(static_cast<std::uint32_t>(size));
      for (Index j = i; j < std::min(size, i + result.block_length); ++j)
        resample[static_cast<std::size_t>(j)] = series[static_cast<std::size_t>((start + j - i) % size)];
    }
    replicates.push_back(finite(here, statistic(resample)));
  }
  result.standard_error = deviation_of(replicates);
  const double width = normal_quantile(0.5 + 0.5 * options.confidence) * result.standard_error;
  result.interval = {result.value - width, result.value + width};
  return result;
}

PermutationResult permutation_test(const std::vector<double>& x, const std::vector<double>& y, Alternative alternative,
                                   const BootstrapOptions& options) {
  constexpr const char* here = "permutation_test";
  check_options(here, options);
  check_argument(!x.empty() && !y.empty(), here, "values", "an empty group", "at least 1 value each");
  std::vector<double> all = x;
  all.insert(all.end(), y.begin(), y.end());
  for (const double value : all) check_argument(std::isfinite(value), here, "values", value, "finite numbers");
  const double total = std::accumulate(all.begin(), all.end(), 0.0);
  const auto n = static_cast<double>(x.size());
  const auto m = static_cast<double>(y.size());
  const auto difference = [&](double sum) { return sum / n - (total - sum) / m; };
  PermutationResult result;
  result.difference = difference(std::accumulate(x.begin(), x.end(), 0.0));
  std::int64_t extreme = 0;
  const auto size = static_cast<std::int64_t>(all.size());
  const auto chosen = static_cast<std::int64_t>(x.size());
  const std::int64_t orders = combinations(size, chosen, options.resamples);
  if (orders <= options.resamples) {
    std::vector<char> mask(all.size(), 0);
    std::fill(mask.begin(), mask.begin() + chosen, 1);
    do {
      double sum = 0;
      for (std::size_t i = 0; i < all.size(); ++i) sum += mask[i] != 0 ? all[i] : 0;
      extreme += at_least_as_extreme(difference(sum), result.difference, alternative) ? 1 : 0;
    } while (std::prev_permutation(mask.begin(), mask.end()));
    result.exact = true;
    result.orders = orders;
    result.p_value = static_cast<double>(extreme) / static_cast<double>(orders);
    return result;
  }
  for (Index b = 0; b < options.resamples; ++b) {
    Philox random(options.seed, Purpose::bootstrap, kPermutations, static_cast<std::uint32_t>(b));
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::swap(all[i], all[i + random.below(static_cast<std::uint32_t>(all.size() - i))]);
      sum += all[i];
    }
    extreme += at_least_as_extreme(difference(sum), result.difference, alternative) ? 1 : 0;
  }
  result.orders = options.resamples;
  result.p_value = static_cast<double>(1 + extreme) / static_cast<double>(1 + options.resamples);
  return result;
}

PermutationResult sign_flip_test(const std::vector<double>& differences, Alternative alternative,
                                 const BootstrapOptions& options) {
  constexpr const char* here = "sign_flip_test";
  check_options(here, options);
  check_argument(!differences.empty(), here, "differences", "none", "at least 1 value");
  for (const double value : differences) check_argument(std::isfinite(value), here, "differences", value, "finite");
  const auto n = static_cast<double>(differences.size());
  PermutationResult result;
  result.difference = mean_of(differences);
  result.exact = n < 62 && std::int64_t{1} << differences.size() <= options.resamples;
  result.orders = result.exact ? std::int64_t{1} << differences.size() : options.resamples;
  std::int64_t extreme = 0;
  for (std::int64_t b = 0; b < result.orders; ++b) {
    Philox random(options.seed, Purpose::bootstrap, kSignFlips, static_cast<std::uint32_t>(b));
    double sum = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      const bool flip = result.exact ? ((b >> i) & 1) != 0 : random.below(2) != 0;
      sum += flip ? -differences[i] : differences[i];
    }
    extreme += at_least_as_extreme(sum / n, result.difference, alternative) ? 1 : 0;
  }
  const double added = result.exact ? 0 : 1;  // the observed signs are one of the random orders
  result.p_value = (added + static_cast<double>(extreme)) / (added + static_cast<double>(result.orders));
  return result;
}

}  // namespace brink
