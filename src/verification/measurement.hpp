#pragma once
// The trajectories of a verification: what is run, in which order, and what comes back.

#include <string>
#include <vector>

#include "brink/simulation/growth.hpp"
#include "brink/verification/verification.hpp"
#include "theory.hpp"

namespace brink {

/// One run: the growth of one cell at one step size by one engine, or the threshold of one cell.
struct MeasurementUnit {
  enum class Kind { growth, noise_free_growth, threshold };
  Kind kind = Kind::growth;
  bool direct = false;
  std::size_t cell = 0;
  std::size_t point = 0;   ///< index into CellTheory::points; 0 for a threshold
  std::uint64_t seed = 0;  ///< different for every unit: runs are independent
  double cost = 0;         ///< in arithmetic, for progress and for the order of work
};

/// Every run of the plan, ordered as the comparisons of the report are.
[[nodiscard]] std::vector<MeasurementUnit> measurement_units(const LoadedModel& model, const VerificationPlan& plan,
                                                             const std::vector<CellTheory>& theories);

/// Runs the units that the checkpoint does not know in parallel, expensive ones first; the result does not depend on
/// plan.threads.
[[nodiscard]] std::vector<Measurement> measure(const LoadedModel& model, const VerificationPlan& plan,
                                               const std::vector<CellTheory>& theories,
                                               const std::vector<MeasurementUnit>& units, const Monitor& monitor,
                                               const Checkpoint& checkpoint);

}  // namespace brink
