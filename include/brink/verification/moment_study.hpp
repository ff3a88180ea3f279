#pragma once
// Every notion of stability of one setting: thresholds and growth of moments, exact where theory reaches and measured
// where it does not. docs/theory.md, section "Moments and almost-sure stability".

#include <optional>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/base/stable_steps.hpp"
#include "brink/simulation/growth.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

/// Step sizes from, …, to, evenly spaced.
struct StepScan {
  double from = 0;  ///< > 0
  double to = 0;    ///< > from
  Index count = 0;  ///< ≥ 2

  [[nodiscard]] std::vector<double> steps() const;
};

struct MomentPlan {
  std::vector<double> moments = {0, 1, 2, 4};  ///< q ≥ 0; 0 stands for the Lyapunov exponent
  std::vector<double> etas;                    ///< where growth is wanted, with the tail index
  std::optional<StepScan> scan;                ///< absent: up to the smaller of 1.5 noise-free edges and four
                                               ///< times the mean-square threshold, at kScanPoints step sizes
  bool curve = true;             ///< growth on the scan is wanted; without it the scan is made only where it must be
  bool simulate_always = false;  ///< measure also what is known exactly
  SimulationOptions simulation;  ///< threads among them; `moment` is not used
  std::uint64_t seed = 0;

  static constexpr Index kScanPoints = 48;
};

/// Λ(q) per step at one step size, or λ = Λ'(0) for q = 0.
struct MomentGrowth {
  double moment = 0;
  std::optional<Estimate> log_growth;  ///< may be −∞
  std::string reason;                  ///< why there is none
};

struct MomentGrowthRow {
  double eta = 0;
  std::vector<MomentGrowth> moments;   ///< in the order of the plan
  std::optional<Estimate> tail_index;  ///< only at the step sizes of the plan
  std::string no_tail_index;           ///< why there is none
};

/// One notion of stability and the step sizes that it calls stable.
struct StabilityNotion {
  std::string name;              ///< "mean", "mean-square", "moment" or "almost-sure"
  std::optional<double> moment;  ///< q; absent for the mean
  std::optional<StableSteps> steps;
  std::string reason;  ///< why there are none
};

struct MomentStudy {
  Cell cell;
  std::vector<StabilityNotion> notions;  ///< the mean, then ascending moments: those of the plan, and 2
  std::vector<MomentGrowthRow> growth;   ///< at the step sizes of the plan
  std::vector<MomentGrowthRow> curve;    ///< on the scan, ascending
};

/// Throws InvalidInput for a plan or a cell out of range. What a measurement fails to find (NotConverged) becomes the
/// reason of that number. The result does not depend on the number of threads.
[[nodiscard]] MomentStudy study_moments(const LinearizedModel& model, const Cell& cell, const MomentPlan& plan,
                                        const Monitor& monitor = {});

}  // namespace brink
