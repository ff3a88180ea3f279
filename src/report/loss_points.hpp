#pragma once
// The steps of a loss curve that a report shows.

#include <optional>
#include <vector>

#include "brink/report/limit_report.hpp"

namespace brink {

/// One recorded step of a loss curve.
struct LossPoint {
  Index step = 0;
  double loss = 0;
  double forcing = 0;
  std::optional<double> exact;
  const LossStatistics* statistics = nullptr;
  std::optional<double> z;
};

/// The steps that were simulated, or about sixty, evenly in ln t. The points refer to `loss`.
[[nodiscard]] std::vector<LossPoint> loss_points(const LimitLoss& loss);

}  // namespace brink
