#pragma once
// When something set in, known only to lie between two looks.

#include <vector>

#include "brink/statistics/intervals.hpp"

namespace brink {

/// One onset, lower ≤ onset ≤ upper: lower = 0 when it was there at the first look, upper = ∞ when it was not there at
/// the last, lower = upper when it was seen itself.
struct CensoredOnset {
  double lower = 0;
  double upper = 0;
};

struct OnsetFit {
  double median = 0;  ///< e^μ
  Interval interval;  ///< of the median, from the profile likelihood
  double spread = 0;  ///< σ of ln onset
  double log_likelihood = 0;
  int iterations = 0;
};

/// The log-normal law of onsets by maximum likelihood, ln onset ~ N(μ, σ²), from interval-censored data. Newton's
/// method in (1/σ, μ/σ), where the likelihood is concave [Burridge 1981]. The interval of the median is where the
/// profile likelihood falls by half the quantile of F(1, n − 1), which allows for the estimated σ. Throws InvalidInput
/// for fewer than 3 onsets, bounds that are negative or in the wrong order, or a confidence outside (0, 1);
/// NotConverged when the data do not determine the law (all intervals share a point, or all are censored on one side).
[[nodiscard]] OnsetFit fit_onset(const std::vector<CensoredOnset>& onsets, double confidence);

}  // namespace brink
