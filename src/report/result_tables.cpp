#include "brink/report/result_tables.hpp"

#include <algorithm>
#include <string>

#include "table_values.hpp"

namespace brink {

using namespace table_values;

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

std::optional<double> over_mean_square(const Bound& bound, const MeanSquareThreshold& threshold) {
  if (!bound.eta || !(threshold.eta > 0)) return std::nullopt;
  return *bound.eta / threshold.eta;
}

template <class Predicate>
bool any_growth(const std::vector<ThresholdRow>& rows, const Predicate& predicate) {
  return std::any_of(rows.begin(), rows.end(), [&](const ThresholdRow& row) {
    return std::any_of(row.growth.begin(), row.growth.end(), predicate);
  });
}

}  // namespace

Table threshold_table(const std::vector<ThresholdRow>& rows, bool with_bounds) {
  const bool has_growth = any_growth(rows, [](const GrowthRow&) { return true; });
  const bool has_stationary = any_growth(rows, [](const GrowthRow& growth) { return growth.stationary.has_value(); });

  const bool has_subsample =
      std::any_of(rows.begin(), rows.end(), [](const ThresholdRow& row) { return row.subsample.has_value(); });
  auto columns = cell_columns();
  append(columns, {{"eta_deterministic"},
                   {"eta_mean_square", 8},
                   {"residual", kErrorDigits},
                   {"batch_sharpness_in_times_eta"},
                   {"method"}});
  if (with_bounds && !rows.empty()) {
    for (const auto& bound : rows.front().bounds) columns.push_back({bound.name});
  }
  if (has_subsample) append(columns, {{"eta_mean_square_standard_error", kErrorDigits}});
  const bool has_epochs =
      std::any_of(rows.begin(), rows.end(), [](const ThresholdRow& row) { return row.reshuffled.has_value(); });
  if (has_epochs)
    append(
        columns,
        {{"eta_reshuffled", 8}, {"eta_reshuffled_error", kErrorDigits}, {"eta_reshuffled_mean", 8}, {"eta_cyclic", 8}});
  if (has_growth)
    append(columns, {{"eta"}, {"log_growth", 8}, {"log_growth_error", kErrorDigits}, {"stable"}, {"margin", 4}});
  if (has_growth && has_epochs) append(columns, {{"log_growth_reshuffled", 8}});
  if (has_stationary) append(columns, {{"trace"}, {"excess_loss"}, {"gradient_norm_squared"}});

  Table table(columns);
  for (const auto& row : rows) {
    auto values = cell_values(row.cell);
    append(values, {row.threshold.eta_deterministic, row.threshold.eta, row.threshold.residual,
                    optional(row.batch_sharpness_in_times_eta), row.threshold.method});
    if (with_bounds) {
      for (const auto& bound : row.bounds) values.push_back(optional(bound.eta));
    }
    if (has_subsample) values.push_back(row.subsample ? TableValue(row.subsample->standard_error) : TableValue());
    if (has_epochs && row.reshuffled) {
      const ReshuffledStability& epochs = *row.reshuffled;
      append(values, {epochs.eta.value, epochs.eta.error, epochs.mean ? TableValue(epochs.mean->eta) : TableValue(),
                      epochs.cyclic ? TableValue(epochs.cyclic->eta) : TableValue()});
    } else if (has_epochs) {
      append(values, {{}, {}, {}, {}});
    }
    if (!has_growth) table.add_row(values);
    for (std::size_t i = 0; i < row.growth.size(); ++i) {
      const GrowthRow& growth = row.growth[i];
      auto line = values;
      append(line, {growth.eta, growth.growth.log_growth, growth.growth.residual, growth.growth.stable,
                    row.threshold.eta > 0 ? TableValue(1 - growth.eta / row.threshold.eta) : TableValue()});
      if (has_epochs)
        line.push_back(row.reshuffled ? TableValue(row.reshuffled->log_growth.at(i).value) : TableValue());
      if (growth.stationary) {
        append(line,
               {growth.stationary->trace, growth.stationary->excess_loss, growth.stationary->gradient_norm_squared});
      } else if (has_stationary) {
        append(line, {{}, {}, {}});
      }
      table.add_row(line);
    }
  }
  return table;
}

Table bound_table(const std::vector<ThresholdRow>& rows) {
  auto columns = cell_columns();
  // What is short comes first and the sentence last: no line is torn apart by the empty reasons of the others.
  append(columns, {{"name"},
                   {"status"},
                   {"eta"},
                   {"eta_over_mean_square"},
                   {"vacuous"},
                   {"residual", kErrorDigits},
                   {"source"},
                   {"reason"}});
  Table table(columns);
  for (const auto& row : rows) {
    for (const auto& bound : row.bounds) {
      auto values = cell_values(row.cell);
      append(values, {bound.name, to_string(bound.status), optional(bound.eta),
                      optional(over_mean_square(bound, row.threshold)), bound.vacuous,
                      bound.eta ? TableValue(bound.residual) : TableValue(), bound.source, bound.reason});
      table.add_row(values);
    }
  }
  return table;
}

Table solution_table(const std::vector<SolutionRow>& rows) {
  Table table({{"solve"},
               {"rule"},
               {"momentum"},
               {"sampling"},
               {"batch"},
               {"eta"},
               {"log_growth"},
               {"momentum_upper"},
               {"error", kErrorDigits}});
  for (const auto& row : rows) {
    const auto add = [&](TableValue momentum, TableValue batch, TableValue eta, TableValue growth, TableValue upper,
                         TableValue error) {
      table.add_row({row.quantity, row.cell.rule, std::move(momentum), row.cell.sampling, std::move(batch),
                     std::move(eta), std::move(growth), std::move(upper), std::move(error)});
    };
    const TableValue momentum = row.cell.parameters.momentum;
    const TableValue batch = integer(row.cell.batch_size);
    if (row.quantity == "batch") add(momentum, row.batch ? integer(*row.batch) : TableValue(), row.eta, {}, {}, {});
    if (row.quantity == "momentum" && row.momenta.empty()) add({}, batch, row.eta, {}, {}, {});
    for (const auto& range : row.momenta) add(range.lower, batch, row.eta, {}, range.upper, range.error);
    if (row.quantity == "best-eta") {
      if (row.best_step)
        add(momentum, batch, row.best_step->eta, row.best_step->log_growth, {}, row.best_step->error);
      else
        add(momentum, batch, {}, {}, {}, {});
    }
    if (row.best_momentum)
      add(row.best_momentum->momentum, batch, row.best_momentum->eta, {}, {}, row.best_momentum->error);
  }
  return table;
}

Table coupling_table(const std::vector<CouplingRow>& rows) {
  auto columns = cell_columns();
  append(columns, {{"eta"}, {"residual", kErrorDigits}, {"eta_mean_square"}});
  if (!rows.empty()) {
    for (const auto& thumb : rows.front().step.thumb)
      append(columns, {{thumb.name}, {thumb.name + "_over_threshold", 3}});
  }
  Table table(columns);
  for (const auto& row : rows) {
    auto values = cell_values(row.cell);
    append(values, {row.step.eta, row.step.residual, row.step.threshold.eta});
    for (const auto& thumb : row.step.thumb) append(values, {thumb.eta, thumb.eta / row.step.threshold.eta});
    table.add_row(values);
  }
  return table;
}

Table simulation_table(const std::vector<SimulationRow>& rows) {
  auto columns = cell_columns();
  append(columns, {{"eta"},
                   {"moment"},
                   {"log_growth"},
                   {"standard_error", kErrorDigits},
                   {"method"},
                   {"lyapunov"},
                   {"lyapunov_standard_error", kErrorDigits},
                   {"warnings"}});
  const auto any = [&](const auto& predicate) { return std::any_of(rows.begin(), rows.end(), predicate); };
  const bool has_control = any([](const SimulationRow& row) { return row.control != "none"; });
  const bool has_escape = any([](const SimulationRow& row) { return row.escape.has_value(); });
  const bool has_tail = any([](const SimulationRow& row) { return row.tail.has_value(); });
  const bool has_horizon = any([](const SimulationRow& row) { return row.horizon.has_value(); });
  const bool has_trajectories = any([](const SimulationRow& row) { return row.trajectories.has_value(); });
  const bool has_mixing = any([](const SimulationRow& row) { return row.mixing.has_value(); });
  const bool has_exact = any([](const SimulationRow& row) { return row.exact_log_growth.has_value(); });
  const bool has_population = any([](const SimulationRow& row) { return row.population.has_value(); });
  if (has_control) append(columns, {{"control"}});
  if (has_escape) {
    append(columns, {{"escaped_fraction"}, {"median"}, {"hazard"}, {"hazard_lower"}, {"hazard_upper"}});
  }
  if (has_tail) append(columns, {{"tail_index"}, {"tail_index_lower"}, {"tail_index_upper"}, {"tail_index_exact"}});
  if (has_horizon) append(columns, {{"ensemble_at_end"}, {"cloning_at_end"}, {"log_growth_exact"}, {"horizon", 3}});
  if (has_trajectories) append(columns, {{"median_at_end"}, {"mean_at_end"}, {"mean_at_end_exact"}});
  if (has_mixing) append(columns, {{"decay_rate"}, {"decay_rate_standard_error", kErrorDigits}, {"decay_rate_exact"}});
  if (has_exact) append(columns, {{"log_growth_exact"}});
  if (has_population) append(columns, {{"bias", 3}, {"bias_standard_error", kErrorDigits}});
  Table table(columns);
  for (const auto& row : rows) {
    auto values = cell_values(row.cell);
    std::vector<std::string> warnings;
    const auto append_estimate = [&](const std::optional<GrowthEstimate>& estimate) {
      if (estimate) {
        append(values, {estimate->log_growth.value, estimate->log_growth.error});
        const auto& more = estimate->log_growth.warnings;
        warnings.insert(warnings.end(), more.begin(), more.end());
      } else {
        append(values, {{}, {}});
      }
    };
    append(values, {row.eta, row.moment});
    append_estimate(row.growth);
    append(values, {row.method});
    append_estimate(row.lyapunov);
    append(values, {joined(warnings)});
    if (has_control) append(values, {row.control});
    if (row.escape) {
      const EscapeSummary& summary = row.escape->summary;
      const Survival& survival = row.escape->survival;
      append(values, {static_cast<double>(summary.escaped) / static_cast<double>(summary.replicas),
                      summary.median ? integer(*summary.median) : TableValue(), survival.hazard,
                      survival.hazard_interval.lower, survival.hazard_interval.upper});
    }
    if (row.tail) {
      const TailFit& fit = row.tail->fit;
      append(values, {fit.alpha, fit.interval.lower, fit.interval.upper,
                      row.tail->exact ? TableValue(row.tail->exact->value) : TableValue()});
    }
    if (row.horizon) {
      const HorizonPoint& end = row.horizon->curve.points.back();
      const auto& exact = row.horizon->exact_log_growth;
      append(values, {end.ensemble, end.cloning, exact ? TableValue(exact->value) : TableValue(),
                      row.horizon->exact_horizon.value_or(row.horizon->curve.horizon)});
    }
    if (row.trajectories) {
      const TrajectoryResult& result = *row.trajectories;
      append(values, {result.points.back().median, result.points.back().mean,
                      result.exact.empty() ? TableValue() : TableValue(result.exact.back())});
    }
    if (row.mixing) {
      const auto& decay = row.mixing->measured.decay;
      const auto& exact = row.mixing->exact_rate;
      append(values,
             {decay ? TableValue(decay->value) : TableValue(), decay ? TableValue(decay->standard_error) : TableValue(),
              exact ? TableValue(exact->value) : TableValue()});
    }
    if (has_exact) append(values, {row.exact_log_growth ? TableValue(row.exact_log_growth->value) : TableValue()});
    if (row.population) append(values, {row.population->bias, row.population->bias_error});
    table.add_row(values);
  }
  return table;
}

Table comparison_table(const VerificationReport& report) {
  std::vector<Column> columns = {{"quantity"}};
  append(columns, {{"rule"},
                   {"momentum"},
                   {"sampling"},
                   {"batch"},
                   {"eta"},
                   {"eta_over_threshold"},
                   {"theory"},
                   {"theory_error", kErrorDigits},
                   {"estimate"},
                   {"standard_error", kErrorDigits},
                   {"z", 3},
                   {"critical_z", 3},
                   {"detectable_threshold_error", kErrorDigits},
                   {"verdict"},
                   {"engine"},
                   {"degrees_of_freedom", 3}});
  Table table(columns);
  for (const auto& comparison : report.comparisons) {
    Row values = {comparison.quantity};
    const Row cell = cell_values(report.cells.at(comparison.cell).cell);
    values.insert(values.end(), cell.begin(), cell.end());
    append(values, {comparison.eta, comparison.eta_over_threshold, comparison.theory, comparison.theory_error,
                    comparison.estimate, comparison.standard_error, comparison.z, comparison.critical_z,
                    comparison.detectable_threshold_error, to_string(comparison.verdict), comparison.engine,
                    comparison.degrees_of_freedom});
    table.add_row(values);
  }
  return table;
}

Table cell_table(const VerificationReport& report) {
  auto columns = cell_columns();
  append(columns, {{"eta_deterministic", 5},
                   {"eta_mean_square"},
                   {"residual", kErrorDigits},
                   {"eta_measured"},
                   {"eta_measured_lower"},
                   {"eta_measured_upper"},
                   {"eta_measured_standard_error", kErrorDigits},
                   {"batch_sharpness_in_times_eta", 4},
                   {"detectable_threshold_error", kErrorDigits},
                   {"verdict"}});
  Table table(columns);
  for (const auto& result : report.cells) {
    auto values = cell_values(result.cell);
    append(values, {result.eta_deterministic, result.eta_mean_square, result.residual});
    if (result.measured_eta > 0) {
      append(values,
             {result.measured_eta, result.measured_lower, result.measured_upper, result.measured_standard_error});
    } else {
      append(values, {{}, {}, {}, {}});
    }
    append(values,
           {optional(result.batch_sharpness_times_eta), result.detectable_threshold_error, to_string(result.verdict)});
    table.add_row(values);
  }
  return table;
}

}  // namespace brink
