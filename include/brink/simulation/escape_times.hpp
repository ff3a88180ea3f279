#pragma once
// Escape: the first passage of the loss over a level, replica by replica. docs/theory.md, section "Estimators".
//
// With L(x) = ½ Σ_i λ_i x_i² a replica escapes at the first step t ≥ 1 with L(x_t) ≥ level · L(x_0). The linearized
// dynamics is homogeneous, so only the ratio counts. Replicas that have not escaped by the horizon are censored there:
// they count as not escaped, and a median that lies beyond the horizon is not given.

#include <optional>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/simulation/engine.hpp"
#include "brink/statistics/survival.hpp"

namespace brink {

struct EscapeOptions {
  Index replicas = 1024;  ///< N ≥ 2
  Index horizon = 2000;   ///< steps, ≥ 1
  double level = 1000;    ///< in units of the loss at the start, finite, > 1
  int threads = 1;
};

/// The first passage of every replica: the step, or 0 where it is censored at the horizon. A plain ensemble: no
/// cloning, no resampling. A replica that overflows has escaped; one that decays is rescaled by powers of two and never
/// lost. `curvature` is the spectrum λ ≥ 0 in the coordinates of x, those of the linear and the Gaussian engine.
/// Bit-identical for any number of threads. O(replicas · horizon) engine steps.
/// Throws InvalidInput for options out of range, a negative curvature, or more curvatures than coordinates.
[[nodiscard]] std::vector<Index> escape_times(const Engine& engine, const Vector& curvature,
                                              const EscapeOptions& options, const Monitor& monitor = {});

/// What the Kaplan–Meier curve of the times says in a few numbers, with 95% intervals. Times are censored at the
/// horizon alone, so its median is that of the times.
struct EscapeSummary {
  Index replicas = 0;
  Index escaped = 0;
  Index horizon = 0;
  Interval fraction;                  ///< of the probability to escape by the horizon [Clopper & Pearson 1934]
  std::optional<Index> median;        ///< the first step by which half of the replicas have escaped
  std::optional<Index> median_lower;  ///< order statistics of the binomial ranks, independent of the law of the times
  std::optional<Index> median_upper;  ///< absent where the rank is censored
  double hazard = 0;                  ///< escapes per step at risk: the rate, if escape is equally likely at every step
  Interval hazard_interval;           ///< Clopper & Pearson, each step at risk a trial
  double mean = 0;                    ///< E min(T, horizon), the area under the curve: there is one where no median is
  double mean_error = 0;              ///< its standard error (Greenwood's, summed under the curve)
};

/// The survival curve of the times, with 95% intervals. Throws InvalidInput as below.
[[nodiscard]] Survival escape_survival(const std::vector<Index>& times, Index horizon);

/// Every time is in 1…horizon, or 0 for a censored replica. Throws InvalidInput for no times or a time out of range.
[[nodiscard]] EscapeSummary summarize_escape(std::vector<Index> times, Index horizon);

}  // namespace brink
