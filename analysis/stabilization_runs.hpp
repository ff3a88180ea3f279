#pragma once
// What the studies of self-stabilization share: a run as the numbers of a unit, its row in a table, its figure, and how
// it is judged.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brink/edge/self_stabilization.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/report/study.hpp"

namespace brink::analysis {

/// A run from a start to the edge, and on from there.
struct StabilizationRun {
  Index arrival = 0;  ///< step at which the sharpness reached the edge
  SelfStabilization record;
};

/// Empty where the sharpness does not reach the edge within `limit` steps.
[[nodiscard]] std::optional<StabilizationRun> stabilization_run(const Objective<double>& objective, const Vector& start,
                                                                const SelfStabilizationPlan& plan, Index limit,
                                                                const Monitor& monitor);

/// Projections and tolerance with which the trajectories of a study are followed.
[[nodiscard]] ConstrainedOptions stabilization_options();

/// A run as the numbers of a unit: those of Head, then those of Trace for every step. A run that did not reach the edge
/// has those of Head alone, all NaN.
class RunNumbers {
 public:
  enum Head : std::size_t {
    kStatus,
    kArrival,
    kX2,
    kExcess,
    kRms,
    kPlain,
    kGeneralized,
    kLoss,
    kPredictedLoss,
    kFinal,
    kFinalFlow,
    kRising,
    kMisalignment,
    kSecond,
    kFourth,
    kEpsilon,
    kPredictedPeriod,
    kHead
  };
  enum Trace : std::size_t {
    tLoss,
    tConstrainedLoss,
    tPlainLoss,
    tFlowLoss,
    tSharpness,
    tGeneralizedSharpness,
    tX,
    tGeneralizedX,
    tDelta,
    tDistance,
    tFlowDistance,
    kTrace
  };

  /// Of numbers that live longer.
  RunNumbers(std::span<const double> numbers) : numbers_(numbers) {}

  [[nodiscard]] double operator[](Head which) const { return numbers_[which]; }
  [[nodiscard]] double at(std::size_t step, Trace which) const { return numbers_[kHead + step * kTrace + which]; }
  [[nodiscard]] std::size_t steps() const { return (numbers_.size() - kHead) / kTrace; }
  [[nodiscard]] bool arrived() const { return steps() > 0; }
  [[nodiscard]] SelfStabilizationStatus status() const;  ///< of a run that arrived

 private:
  std::span<const double> numbers_;
};

[[nodiscard]] std::vector<double> numbers_of(const std::optional<StabilizationRun>& run,
                                             const SelfStabilizationPlan& plan);

/// Columns of a table, and the cells of a run that arrived.
[[nodiscard]] std::vector<Column> stabilization_columns();
[[nodiscard]] std::vector<TableValue> stabilization_cells(RunNumbers run);

/// Loss, sharpness, displacement and distance with what is predicted of them. The sharpness is the mean of two steps:
/// it changes with the sign of x at every step, so that its trace would be an area.
[[nodiscard]] std::vector<CurvePanel> stabilization_panels(RunNumbers run, double critical);

/// How runs of one setting are judged.
struct StabilizationClaim {
  std::string claim;
  std::string where;            ///< appended to every quantity
  double excess_margin = 0.05;  ///< of ⟨S⟩ − S*
  bool with_published = false;  ///< whether the paper's setting is this one
};

/// Appends the findings of runs, of which those that do not count are excluded.
void judge_stabilization(const StabilizationClaim& claim, const std::vector<RunNumbers>& runs,
                         const std::vector<bool>& counted, std::vector<Finding>& findings);

}  // namespace brink::analysis
