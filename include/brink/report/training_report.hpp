#pragma once
// A training run in every form: JSON (schema brink.train/1), table, figure data.

#include <optional>
#include <string>
#include <vector>

#include "brink/network/trainable_problem.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/training/linearization.hpp"
#include "brink/training/minimum.hpp"
#include "brink/training/training.hpp"

namespace brink {

/// Where a run has arrived.
struct TrainingReport {
  std::string kind;  ///< of the problem
  Index samples = 0;
  Index parameters = 0;
  Index outputs = 1;
  std::string precision;
  TrainingPlan plan;
  std::vector<std::string> interventions;  ///< their texts
  TrainingStatus status = TrainingStatus::running;
  std::string reason;
  Index steps = 0;
  std::vector<Index> fired_at;  ///< one an intervention, −1: it did not happen
  std::vector<std::string> names;
  std::vector<TrainingRecord> records;
  std::optional<Minimum> minimum;
  std::optional<Linearization> linearization;
};

/// {"schema":"brink.train/1","model":{…},"rule":…,"status":…,"reason":…,"steps":…,"loss":…,"gradient_norm":…,
///  "interventions":[{"text","step"}],"minimum":{…},"linearization":{…}}: loss and gradient norm of the last record.
[[nodiscard]] std::string training_json(const TrainingReport& report);

/// One line a record.
[[nodiscard]] Table record_table(const TrainingReport& report);

/// One line: how the run ended.
[[nodiscard]] Table training_summary_table(const TrainingReport& report);

/// "training": loss and gradient norm against the step, on logarithmic axes, with the steps at which something was
/// changed. Columns: step, loss, gradient_norm, eta, change. Long runs are thinned to about 2000 records, each stretch
/// by its largest and its smallest loss, so that oscillations stay visible. Empty without a positive loss.
[[nodiscard]] std::vector<FigureData> training_figures(const TrainingReport& report);

}  // namespace brink
