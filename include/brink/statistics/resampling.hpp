#pragma once
// Intervals and tests that resample the data instead of assuming a law: BCa bootstrap, block bootstrap, permutations.
// All draw from Philox streams: the same seed gives the same bits.

#include <cstdint>
#include <functional>
#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/statistics/intervals.hpp"
#include "brink/statistics/mean_tests.hpp"

namespace brink {

using Statistic = std::function<double(const std::vector<double>&)>;

struct BootstrapOptions {
  double confidence = 0.95;
  Index resamples = 2000;  ///< ≥ 200
  std::uint64_t seed = 0;
};

struct BootstrapResult {
  double value = 0;  ///< the statistic of the data
  double standard_error = 0;
  double bias = 0;          ///< mean over the resamples − value
  double median_bias = 0;   ///< z₀
  double acceleration = 0;  ///< a, from the jackknife
  Interval interval;
  bool extrapolated = false;  ///< an end of the interval lies among the ten most extreme resamples: take more
};

/// The bias-corrected and accelerated interval [Efron 1987]: the quantiles Φ(z₀ + (z₀ + z_α)/(1 − a(z₀ + z_α))) of the
/// statistic over resamples of independent values (seeds, not steps of one run). Second-order correct; with fewer than
/// about 15 values it covers a few percent too little, as tests/statistics/resampling_test.cpp shows. At least 3
/// values. O(resamples · cost). Throws InvalidInput for too few values, options out of range, a statistic that is not
/// finite.
[[nodiscard]] BootstrapResult bootstrap_bca(const std::vector<double>& values, const Statistic& statistic,
                                            const BootstrapOptions& options = {});

struct BlockBootstrapResult {
  double value = 0;
  double standard_error = 0;
  Interval interval;             ///< normal, about the value
  double effective_samples = 0;  ///< T/τ, τ the autocorrelation time
  Index block_length = 0;
  bool is_correlated = false;  ///< fewer than kFewestBatches blocks: the error is not to be trusted
};

/// A statistic of one stationary, autocorrelated series, resampled in circular blocks [Politis & Romano 1992] of length
/// ⌈(τ²T)^{1/3}⌉, near the optimum for the mean of an autoregression. At least 16 values.
[[nodiscard]] BlockBootstrapResult block_bootstrap(const std::vector<double>& series, const Statistic& statistic,
                                                   const BootstrapOptions& options = {});

struct PermutationResult {
  double difference = 0;  ///< mean of x − mean of y
  double p_value = 1;
  bool exact = false;       ///< all rearrangements were seen
  std::int64_t orders = 0;  ///< how many were
};

/// Do x and y come from one law? The difference of means among all ways to deal the values into two groups, or among
/// `options.resamples` random ones where there are more than that; then p = (1 + count)/(1 + resamples), which keeps
/// the level exactly. At least 1 value each.
[[nodiscard]] PermutationResult permutation_test(const std::vector<double>& x, const std::vector<double>& y,
                                                 Alternative alternative, const BootstrapOptions& options = {});

/// Are paired differences centred on 0? The mean among all sign changes [Fisher 1935], or random ones.
[[nodiscard]] PermutationResult sign_flip_test(const std::vector<double>& differences, Alternative alternative,
                                               const BootstrapOptions& options = {});

}  // namespace brink
