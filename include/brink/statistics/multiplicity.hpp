#pragma once
// Several tests at once.

#include <vector>

namespace brink {

/// Adjusted p-values [Holm 1979]: rejecting those ≤ level keeps the probability of any false rejection at most `level`,
/// whatever the dependence. In the order given: p̃_(i) = max over j ≤ i of min(1, (m − j + 1) p_(j)). Throws
/// InvalidInput for a value outside [0, 1].
[[nodiscard]] std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace brink
