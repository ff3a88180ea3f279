#pragma once
// Theory against simulation, with power: the main job of the program. docs/theory.md, section "Verification".
//
// For every cell (rule, momentum, batch law, batch size) theory gives the mean-square threshold η* and the growth rate
// Λ(η) of the second moment; trajectories of the same model measure Λ(η) with an honest standard error. The two are
// compared as follows.
//
// Level. Every comparison has the score z = (estimate − theory)/standard error. A cell is contradicted when |z| exceeds
// the two-sided quantile of Student's t with the estimate's degrees of freedom at level/m, m the number of comparisons
// of the whole run that carry noise (Bonferroni, valid whatever the dependence). So a correct theory raises a false
// alarm in a whole run with probability at most `level`.
//
// Power. An error of the threshold by the factor 1+ε moves the theoretical growth by ε·dΛ/d ln η, so a comparison
// catches ε with 90% probability when ε ≥ (t + 1.28)·standard error/|dΛ/d ln η|, t the critical score. A cell is judged
// by several comparisons and alarms when any of them does, so it catches at least what its best one catches. Each
// engine that ran in a cell must have that power by itself. A cell that could miss more than `largest_undetectable` is
// "cannot tell" even where every score is small: wide error bars never pass.
//
// Start. Λ is a limit, and a spectrum with small eigenvalues forgets an arbitrary start only after 1/(ηλ_min) steps: a
// run would measure its own transient. So replicas start as Gaussian draws whose covariance, over the whole optimizer
// state, is the leading mode that theory names; for the measured threshold, the critical mode. They are weighed by its
// adjoint, so that a finite population does not lose the growing directions among those that barely decay. If (ρ, mode)
// is an eigenpair of the real dynamics the second moment grows by ρ from the first step on; if it is not, neither the
// growth nor its zero will match. Theory chooses where to look, never what is seen.
//
// Without noise (full batch) nothing is random: the growth of the noise-free dynamics must equal theory to 1e-8, and z
// is the difference over this tolerance.

#include <cstdint>
#include <functional>
#include <map>
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
  std::string method = "cloning";          ///< estimator of the growth rate: "cloning" or "ensemble"
  double moment = 2;                       ///< must be 2: theory is of the second moment
  std::int64_t replicas = 1024;
  std::int64_t steps = 1000;
  std::int64_t burn_in = 300;
  std::uint64_t seed = 0;
  double level = 0.01;  ///< probability of any false alarm over the whole run, in (0, 1)
  double largest_undetectable =
      0.02;  ///< a cell that could miss a larger relative error of the threshold is "cannot tell"; > 0
  std::vector<std::size_t> direct_cells;  ///< indices of cells also run by the direct engine; empty: one is chosen
  bool equal_cost = false;  ///< smaller batches move more replicas, up to 64 times, for about the same work a cell
  bool measure_threshold = false;  ///< also measure η* as the zero of the measured growth
  double perturb_theory = 0;  ///< shifts every theoretical threshold by this fraction, to show that the check can fail:
                              ///< theory'(η) = theory(η/(1+δ)), at the same step sizes and trajectories; > −1
  int threads = 1;
};

/// What the trajectories of one unit of a verification gave: a growth rate or a threshold.
struct Measurement {
  std::string engine;
  double value = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;
  double lower = 0;  ///< 95% interval of a threshold
  double upper = 0;
  std::vector<std::string> warnings;
};

/// Measurements that outlive the program, by the number of their unit in the order of the comparisons. They belong to
/// one model and plan, and to one build: only a verification of the same may be given them.
struct Checkpoint {
  std::map<std::size_t, Measurement> known;  ///< used instead of running the unit
  /// Called after every unit that was run, by one thread at a time.
  std::function<void(std::size_t unit, const Measurement& measurement)> keep;
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
  /// (estimate − theory)/standard_error, less the error of theory; without noise the difference over its tolerance
  /// 1e-8.
  double z = 0;
  double critical_z = 0;
  /// Relative error of the threshold that this comparison alone catches with 90% power; infinite where the growth does
  /// not depend on the step size.
  double own_detectable_error = 0;
  /// Relative error of the threshold that this cell catches with 90% power: the best comparison of each engine, and of
  /// those the worst.
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
/// Comparisons are ordered by cell; within a cell: growth by the linear engine in the order of the step sizes, growth
/// by the direct engine, the threshold.
/// Throws InvalidInput for a plan that cannot be run (the message names the field), NotConverged when theory or
/// simulation fails, Interrupted when the monitor says so.
[[nodiscard]] VerificationReport verify(const LoadedModel& model, const VerificationPlan& plan,
                                        const Monitor& monitor = {}, const Checkpoint& checkpoint = {});

/// Theory alone of many cells (no measured fields, no verdict): for the curves of figures. Cells that share rule,
/// parameters and sampling share their work. Bit-identical for any number of threads.
[[nodiscard]] std::vector<CellResult> theory_of_cells(const LinearizedModel& model, const std::vector<Cell>& cells,
                                                      double perturb_theory, int threads, const Monitor& monitor = {});

}  // namespace brink
