#pragma once
// The mean of a correlated series, with an honest standard error.

#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// Integrated autocorrelation time τ = 1 + 2 Σ_{t≥1} ρ_t, in steps: the mean of T steps has the variance of T/τ
/// independent ones. The sum runs over Geyer's initial positive sequence [Geyer 1992, Stat. Sci. 7, 473]: pairs
/// ρ_{2m} + ρ_{2m+1}, up to the first that is not positive. Below 1 for alternating series; 1 for a constant one.
/// O(T · cut-off). At least 2 values.
[[nodiscard]] double autocorrelation_time(const std::vector<double>& series);

struct BatchMeans {
  double mean = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;  ///< batches − 1, Student t
  Index batches = 0;
  double autocorrelation_time = 0;  ///< in steps
  bool is_correlated = false;       ///< even the smallest number of batches left them too short for the correlation
};

/// Mean and standard error of a stationary series from `batches` ≥ 2 means over equal consecutive stretches. A rest of
/// fewer than `batches` values counts for the mean only.
[[nodiscard]] BatchMeans batch_means(const std::vector<double>& series, Index batches);

/// The same with at most `most` batches, halved down to kFewestBatches until a batch is at least
/// kCorrelationTimesPerBatch autocorrelation times long: then batch means are independent to a few percent.
[[nodiscard]] BatchMeans batch_means_adaptive(const std::vector<double>& series, Index most);

inline constexpr Index kFewestBatches = 8;
inline constexpr double kCorrelationTimesPerBatch = 10;

}  // namespace brink
