#pragma once
// How long things last, when some of them outlast the observation.

#include <vector>

#include "brink/statistics/intervals.hpp"

namespace brink {

/// One life: how long it was seen, and whether it ended then or was only lost from sight (censored).
struct Lifetime {
  std::int64_t time = 0;  ///< steps, ≥ 1
  bool ended = false;
};

/// P(T > t) from t = `time` on, up to the next point.
struct SurvivalPoint {
  std::int64_t time = 0;
  std::int64_t at_risk = 0;  ///< lives seen just before `time`
  std::int64_t ended = 0;    ///< of these, how many ended at `time`
  double survival = 1;
  double standard_error = 0;  ///< Greenwood
  Interval interval;
};

struct Survival {
  std::vector<SurvivalPoint> curve;  ///< at every time at which a life ended, ascending
  double confidence = 0;
  std::int64_t lives = 0;
  std::int64_t ended = 0;
  std::int64_t exposure = 0;  ///< steps at risk, all lives together
  double hazard = 0;          ///< ended/exposure: the probability to end in a step, if it is the same at every step
  Interval hazard_interval;   ///< Clopper & Pearson, each step at risk a trial
};

/// Kaplan & Meier 1958: Ŝ(t) = Π_{s ≤ t} (1 − d_s/n_s), d_s of the n_s at risk ended at s. Its standard error is
/// Greenwood's, Ŝ √Σ d_s/(n_s(n_s − d_s)), and the interval is that of ln(−ln S), which stays inside (0, 1). Where
/// every life at risk has ended, Ŝ = 0 and the upper end is that of the point before (1 at the first).
/// Throws InvalidInput for no lives, a time below 1, or a confidence outside (0, 1). O(n log n).
[[nodiscard]] Survival kaplan_meier(std::vector<Lifetime> lives, double confidence);

/// E min(T, horizon) and its standard error.
struct RestrictedMean {
  double value = 0;
  double standard_error = 0;
};

/// The area under the curve, Σ_{t < horizon} Ŝ(t), which exists where most lives are censored and the median does not.
/// Variance Σ_s A(s)² d_s/(n_s(n_s − d_s)), A(s) the area from s to the horizon [Kaplan & Meier 1958, section 6.2]. The
/// lives must have been seen until `horizon` or their end. Throws InvalidInput for a horizon below 1. O(points).
[[nodiscard]] RestrictedMean restricted_mean(const Survival& survival, std::int64_t horizon);

}  // namespace brink
