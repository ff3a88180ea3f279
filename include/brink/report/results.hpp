#pragma once
// What a command reports, row by row: the values the library computed for one cell of the grid, before they become JSON
// or a table.

#include <optional>
#include <string>
#include <vector>

#include "brink/simulation/escape_times.hpp"
#include "brink/simulation/estimate_quality.hpp"
#include "brink/simulation/growth.hpp"
#include "brink/simulation/horizon.hpp"
#include "brink/simulation/loss_statistics.hpp"
#include "brink/stability/criterion.hpp"
#include "brink/stability/inverse.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/stability/stationary.hpp"
#include "brink/stability/subsample_error.hpp"
#include "brink/statistics/autocorrelation.hpp"
#include "brink/statistics/tail.hpp"
#include "brink/verification/reshuffled_stability.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

/// Theory at one step size.
struct GrowthRow {
  double eta = 0;
  MeanSquareGrowth growth;
  std::optional<StationaryState> stationary;  ///< with gradient noise and a stable step size
};

/// Theory of one cell.
struct ThresholdRow {
  Cell cell;
  MeanSquareThreshold threshold;
  /// η·tr(E[H_B³]X)/tr(E[H_B²]X) at the critical mode X (SampleMoments::in_times_eta says where it is absent).
  std::optional<double> batch_sharpness_in_times_eta;
  /// Diagonal of the critical mode in the eigenbasis of H (r numbers that add to 1); empty where there is none.
  Vector critical_shares;
  /// Where the model is a subsample: how far the threshold of the population may be.
  std::optional<SubsampleError> subsample;
  std::vector<Bound> bounds;
  std::vector<GrowthRow> growth;
  /// The same batch size over shuffled epochs; absent when it was not asked for, or where no step size is stable.
  std::optional<ReshuffledStability> reshuffled;
};

/// The answer to an inverse question. Of `cell`, the batch size (or momentum) is the answer where that was asked for.
struct SolutionRow {
  std::string quantity;  ///< "batch", "momentum", "best-eta" or "best-momentum"
  Cell cell;
  double eta = 0;                      ///< given, for "batch" and "momentum"
  std::optional<Index> batch;          ///< the smallest stable batch size
  std::vector<MomentumRange> momenta;  ///< the stable ranges of momentum
  std::optional<BestStep> best_step;   ///< for "best-eta"
  std::optional<BestMomentum> best_momentum;
};

/// A step size carried over to another momentum and batch size.
struct CouplingRow {
  Cell cell;
  CoupledStep step;
};

/// First passage of the loss over a level.
struct EscapeResult {
  double level = 0;  ///< in units of the loss at the start
  EscapeSummary summary;
  Survival survival;
  std::optional<Estimate> exact_log_growth;  ///< ln ρ of the mean loss, where it is known: E L passes the level at
                                             ///< ln(level)/ln ρ
};

/// Tail of the stationary law.
struct TailResult {
  TailFit fit;
  std::optional<Estimate> exact;  ///< α with Λ(α) = 0
  std::string reason;             ///< why there is none
};

/// A plain average against cloning and the exact rate.
struct HorizonResult {
  HorizonCurve curve;
  std::optional<Estimate> exact_log_growth;
  std::optional<double> exact_horizon;  ///< ln N/(qΛ'(q) − Λ(q)), where Λ is known around q
};

/// The loss along trajectories from random starts, in units of the mean at the start.
struct TrajectoryResult {
  double confidence = 0;               ///< share of the replicas inside the band
  std::vector<LossStatistics> points;  ///< ascending steps
  std::vector<double> exact;           ///< E of the loss at these steps; empty where it is not known
  std::string reason;                  ///< why it is not
};

/// How fast ‖z‖² of the stationary state forgets.
struct MixingResult {
  Autocorrelation measured;
  std::optional<Estimate> exact_rate;  ///< −Λ(2): decay of what is quadratic in the state
  std::string reason;                  ///< why there is none
};

/// Measured growth of one cell at one step size.
struct SimulationRow {
  Cell cell;
  double eta = 0;
  double moment = 2;                       ///< q
  std::string method;                      ///< of SimulationSection
  std::optional<GrowthEstimate> growth;    ///< Λ(q); absent when only the Lyapunov exponent was asked for
  std::optional<GrowthEstimate> lyapunov;  ///< top Lyapunov exponent; absent when it was not measured
  std::optional<Epoch> epoch;              ///< of shuffled epochs
  std::string control = "none";            ///< what was changed about the noise or the order of the batches
  std::optional<EscapeResult> escape = {};
  std::optional<TailResult> tail = {};
  std::optional<HorizonResult> horizon = {};
  std::optional<TrajectoryResult> trajectories = {};
  std::optional<MixingResult> mixing = {};
  std::optional<Estimate> exact_log_growth = {};  ///< Λ(q), where controls are compared and it is known
  std::optional<PopulationBias> population = {};
  std::optional<GrowthDifference> difference =
      {};                      ///< to the previous step size of the same cell, common random numbers
  double difference_from = 0;  ///< that step size
};

}  // namespace brink
