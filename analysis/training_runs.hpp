#pragma once
// Training runs as units of a study: a network trained in single precision, and what the probes saw.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/models.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/report/study.hpp"
#include "brink/training/condition.hpp"

namespace brink::analysis {

/// η of a run is that of the mean of half squares: this times the η of a paper whose loss is the mean of squares.
constexpr double kLossFactor = 2;

/// One run.
struct RunSetting {
  std::string rule = "sgd";
  double momentum = 0;
  double eta = 0.1;
  Index batch = 0;  ///< 0: all samples
  Index steps = 1000;
  Index record_every = 101;  ///< odd, so that both sides of an oscillation are seen
  std::uint64_t seed = 0;
  std::string initialization = "default";
  double initial_scale = 1;
  std::vector<std::string> probes;  ///< names of brink/curvature/curvature_probes.hpp
  double probe_error = 0.05;
  std::vector<Intervention> interventions;
  std::vector<Condition> stop;
  RowMatrix noise_factor;  ///< F of extra gradient noise of covariance FᵀF
};

/// What was recorded: columns "step", "loss", "gradient_norm", then the probes (without their errors).
struct Trace {
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows;
  bool diverged = false;

  [[nodiscard]] std::size_t column(const std::string& name) const;
  [[nodiscard]] std::vector<double> values(const std::string& name) const;
  /// The mean of a column over the last `share` of the records; NaN where the run diverged or nothing is there.
  [[nodiscard]] double late_mean(const std::string& name, double share = 0.4) const;
  /// The largest value of a column over records with from ≤ step ≤ to; NaN without any.
  [[nodiscard]] double largest(const std::string& name, double from, double to) const;
};

/// Training is over at this loss, 1e-4 of that of zero outputs on ±1 or one-hot targets: sharpness stops where it is
/// then, edge or no edge.
constexpr double kTrainingOver = 5e-5;

/// The gate that tells plateaus from what only looks like one: the run has not diverged, has trained (late loss below
/// 80% of the first), has at least 20 records, and the mean of `column` over the last fifth of the records is within
/// 10% of that over the fifth before. A run is to stop at kTrainingOver.
[[nodiscard]] bool is_plateau(const Trace& trace, const std::string& column);

/// Trains, and returns a trace as a row of numbers. `theta` receives the parameters at the end, when given.
[[nodiscard]] std::vector<double> train_run(const Task& task, const RunSetting& setting, const Monitor& monitor,
                                            Vector* theta = nullptr, const Vector* start = nullptr);

/// Back from a row of numbers; `setting` names its columns.
[[nodiscard]] Trace trace_of(const std::vector<double>& values, const RunSetting& setting);

/// The points of a column against the step, its values times `factor`.
[[nodiscard]] std::vector<CurvePoint> curve_of(const Trace& trace, const std::string& column, double factor = 1);

}  // namespace brink::analysis
