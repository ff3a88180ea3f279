#pragma once
// The step sizes at which a growth rate is negative. For the mean and for moments q ≥ 1 they are an interval that
// begins at 0 in every model met so far; almost surely, and for small q, they can be several.

#include <string>
#include <vector>

#include "brink/base/estimate.hpp"

namespace brink {

/// Step sizes lower < η < upper are stable.
struct StableInterval {
  double lower = 0;
  double lower_error = 0;  ///< absolute; 0 where the interval begins at 0
  double upper = 0;
  double upper_error = 0;
  bool ends_with_search = false;  ///< `upper` is where the search ended, not where stability does
};

struct StableSteps {
  std::vector<StableInterval> intervals;       ///< ascending, disjoint; empty when no step size searched is stable
  ErrorKind error_kind = ErrorKind::residual;  ///< of the ends of the intervals
  std::string method;
  double searched_to = 0;  ///< the largest step size looked at; infinite where a proof covers the rest
  bool complete = false;   ///< true: these are all intervals, by proof; false: to the resolution of a scan
  std::vector<std::string> warnings;

  /// The upper end of the interval that begins at 0: the threshold. 0 when small step sizes are not stable.
  [[nodiscard]] double threshold() const {
    return !intervals.empty() && intervals.front().lower == 0 ? intervals.front().upper : 0;
  }
};

}  // namespace brink
