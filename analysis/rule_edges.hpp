#pragma once
// The edge at which gradient descent, its relatives and sharpness-aware steps settle, and what a run does after it has
// come there.

#include <string>
#include <vector>

namespace brink::analysis {

/// The largest stable curvature of a training rule at full batch, preconditioned for rmsprop and adam [Cohen et al.
/// 2021 and 2022]. Of "sam", radius ρ, it depends on the gradient [Long & Bartlett 2023]; the others ignore both.
struct RuleEdge {
  std::string rule;
  double eta = 0;
  double momentum = 0;
  double radius = 0;

  [[nodiscard]] double at(double gradient_norm) const;
};

/// The mean of `values` from 20 records after the first with ratio ≥ 1 on; NaN where fewer than 20 follow, or none has.
[[nodiscard]] double mean_after_crossing(const std::vector<double>& ratio, const std::vector<double>& values);

/// The last of `values` over that 20 records after the crossing; NaN likewise.
[[nodiscard]] double growth_after_crossing(const std::vector<double>& ratio, const std::vector<double>& values);

}  // namespace brink::analysis
