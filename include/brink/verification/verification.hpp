#pragma once
// Theory against simulation, with power: the main job of the program.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/model/model_source.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

/// One setting of optimizer and batch.
struct Cell {
  std::string rule = "sgd";
  RuleParameters parameters;
  std::string sampling = "without-replacement";
  Index batch_size = 1;
};

struct VerificationPlan {
  std::vector<Cell> cells;
  std::vector<double> eta_over_threshold;  ///< growth is compared at these multiples of η*, > 0
  std::vector<double> eta;                 ///< or at these step sizes (used when eta_over_threshold is empty)
  std::string method = "cloning";          ///< estimator of the growth rate
  double moment = 2;                       ///< must be 2: theory is of the second moment
  std::int64_t replicas = 1024;
  std::int64_t steps = 1000;
  std::int64_t burn_in = 300;
  std::uint64_t seed = 0;
  double level = 0.01;  ///< probability of any false alarm over the whole run
  double largest_undetectable =
      0.02;  ///< a cell that could miss a larger relative error of the threshold is "cannot tell"
  std::vector<std::size_t> direct_cells;  ///< indices of cells also run by the direct engine; empty: one is chosen
  double perturb_theory = 0;  ///< shifts every theoretical threshold by this fraction, to show that the check can fail
  int threads = 1;
};

enum class Verdict { agree, disagree, cannot_tell };
[[nodiscard]] std::string to_string(Verdict verdict);

/// One theoretical number beside one measured number.
struct Comparison {
  std::string quantity;  ///< "log_growth" or "eta_mean_square"
  std::string engine;    ///< "linear", "gaussian" or "direct"
  std::size_t cell = 0;
  double eta = 0;
  double eta_over_threshold = 0;
  double theory = 0;
  double theory_error = 0;
  double estimate = 0;
  double standard_error = 0;  ///< 0 when the dynamics has no noise
  double degrees_of_freedom = 0;
  double z = 0;  ///< (estimate − theory)/standard error; for noise-free cells the difference over its tolerance 1e-8
  double critical_z = 0;
  /// Relative error of the threshold that this cell catches with 90% power (the best of its comparisons).
  double detectable_threshold_error = 0;
  Verdict verdict = Verdict::cannot_tell;
};

/// Theory and measurement of one cell, for tables and figures.
struct CellResult {
  Cell cell;
  double eta_deterministic = 0;
  double eta_mean_square = 0;
  double residual = 0;
  double measured_eta = 0;  ///< zero of the measured growth rate; 0 when it was not measured
  double measured_lower = 0;
  double measured_upper = 0;
  double measured_standard_error = 0;
  /// η·tr(E[H_B³]X)/tr(E[H_B²]X) at the critical mode; absent where the threshold is the noise-free edge.
  std::optional<double> batch_sharpness_times_eta;
  double detectable_threshold_error = 0;
  Verdict verdict = Verdict::cannot_tell;
  std::vector<std::string> warnings;
};

struct VerificationReport {
  bool agree = false;  ///< every comparison agrees and every cell has the power asked for
  std::vector<CellResult> cells;
  std::vector<Comparison> comparisons;
};

/// Computes the thresholds, runs the trajectories, compares. Bit-identical for any number of threads.
[[nodiscard]] VerificationReport verify(const LoadedModel& model, const VerificationPlan& plan,
                                        const Monitor& monitor = {});

}  // namespace brink
