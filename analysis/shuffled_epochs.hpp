#pragma once
// F4: one epoch of four batches, whose 24 orders make the mean over shuffles exact.

#include <cstdint>
#include <vector>

#include "brink/report/curve_figure.hpp"
#include "brink/report/study.hpp"

namespace brink::analysis {

/// For every ε: distances, after one epoch, of the mean over all orders from the flow of the modified and of the plain
/// loss, and of one order from the former; the plain distance over its leading term; what the integration contributes.
[[nodiscard]] std::vector<double> shuffled_epochs(std::uint64_t seed);

/// The table and the findings of F4 from what shuffled_epochs() gave for every seed, and the panel of the first.
[[nodiscard]] CurvePanel report_shuffles(const std::vector<std::vector<double>>& units, StudyReport& report);

}  // namespace brink::analysis
