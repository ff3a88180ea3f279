#include "brink/report/simulation_figures.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "table_values.hpp"

namespace brink {

using namespace table_values;

namespace {

std::vector<Column> columns_of(std::initializer_list<const char*> names) {
  std::vector<Column> columns = {{"series"}, {"rule"}, {"sampling"}, {"momentum"}, {"batch"}, {"eta"}, {"control"}};
  for (const char* name : names) columns.push_back({name});
  return columns;
}

Row start_of(const SimulationRow& row, Index series) {
  return {integer(series), row.cell.rule, row.cell.sampling, row.cell.parameters.momentum, integer(row.cell.batch_size),
          row.eta,         row.control};
}

void add(Table& table, Row row, std::initializer_list<TableValue> more) {
  row.insert(row.end(), more);
  table.add_row(std::move(row));
}

/// (1 − h)^t beside the curve, from the start to the horizon.
void add_survival(Table& table, const SimulationRow& row, Index series) {
  const EscapeResult& escape = *row.escape;
  const Row start = start_of(row, series);
  TableValue passage;
  if (escape.exact_log_growth && escape.exact_log_growth->value > 0) {
    passage = std::log(escape.level) / escape.exact_log_growth->value;
  }
  const auto put = [&](std::int64_t step, double survival, const Interval& interval) {
    add(table, start,
        {escape.level, step, survival, interval.lower, interval.upper,
         std::pow(1 - escape.survival.hazard, static_cast<double>(step)), passage});
  };
  put(0, 1, {1, 1});
  double last = 1;
  Interval interval{1, 1};
  for (const auto& point : escape.survival.curve) {
    put(point.time, last, interval);  // the corner of the step
    last = point.survival;
    interval = point.interval;
    put(point.time, last, interval);
  }
  if (escape.survival.curve.empty() || escape.survival.curve.back().time < escape.summary.horizon) {
    put(escape.summary.horizon, last, interval);
  }
}

Table hill_data(const SimulationRow& row) {
  const TailResult& tail = *row.tail;
  Table table(columns_of({"exceedances", "alpha", "alpha_lower", "alpha_upper", "chosen", "estimate", "estimate_lower",
                          "estimate_upper", "exact"}));
  for (const auto& point : tail.fit.plot) {
    const TableValue upper = std::isfinite(point.interval.upper) ? TableValue(point.interval.upper) : TableValue();
    add(table, start_of(row, 0),
        {integer(point.exceedances), point.alpha, point.interval.lower, upper, integer(tail.fit.exceedances),
         tail.fit.alpha, tail.fit.interval.lower, tail.fit.interval.upper,
         tail.exact ? TableValue(tail.exact->value) : TableValue()});
  }
  return table;
}

Table horizon_data(const SimulationRow& row) {
  const HorizonResult& result = *row.horizon;
  Table table(columns_of({"moment", "replicas", "steps", "ensemble", "ensemble_lower", "ensemble_upper", "cloning",
                          "cloning_lower", "cloning_upper", "exact", "horizon"}));
  const double horizon = result.exact_horizon.value_or(result.curve.horizon);
  for (const auto& point : result.curve.points) {
    add(table, start_of(row, 0),
        {row.moment, integer(result.curve.replicas), integer(point.steps), point.ensemble,
         point.ensemble_interval.lower, point.ensemble_interval.upper, point.cloning, point.cloning_interval.lower,
         point.cloning_interval.upper,
         result.exact_log_growth ? TableValue(result.exact_log_growth->value) : TableValue(),
         std::isfinite(horizon) ? TableValue(horizon) : TableValue()});
  }
  return table;
}

Table trajectory_data(const SimulationRow& row) {
  const TrajectoryResult& result = *row.trajectories;
  Table table(columns_of({"inside", "step", "mean", "mean_lower", "mean_upper", "median", "lower", "upper", "exact"}));
  const double width = normal_quantile(0.975);
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const LossStatistics& point = result.points[i];
    // An interval of ln(mean): on the axis of the figure there is no other.
    const double factor = point.mean > 0 ? std::exp(width * point.standard_error / point.mean) : 1;
    add(table, start_of(row, 0),
        {result.confidence, integer(point.step), point.mean, point.mean / factor, point.mean * factor, point.median,
         point.lower, point.upper, result.exact.empty() ? TableValue() : TableValue(result.exact[i])});
  }
  return table;
}

void add_mixing(Table& table, const SimulationRow& row, Index series) {
  const MixingResult& mixing = *row.mixing;
  const double width = normal_quantile(0.975);
  for (const Correlation& point : mixing.measured.curve) {
    const double spread = width * point.standard_error;
    TableValue exact;
    if (mixing.exact_rate) exact = std::exp(-mixing.exact_rate->value * static_cast<double>(point.lag));
    add(table, start_of(row, series),
        {integer(point.lag), point.value, point.value - spread, point.value + spread, exact});
  }
}

/// One series a control and setting (rule, momentum, sampling, batch), where there are several controls and step sizes.
std::vector<FigureData> control_figures(const std::vector<SimulationRow>& rows) {
  Table table(columns_of({"moment", "log_growth", "lower", "upper", "exact"}));
  std::vector<const SimulationRow*> firsts;
  std::set<std::string> controls;
  std::set<double> etas;
  const auto same_series = [](const SimulationRow& a, const SimulationRow& b) {
    return a.control == b.control && a.cell.rule == b.cell.rule && a.cell.sampling == b.cell.sampling &&
           a.cell.batch_size == b.cell.batch_size && a.cell.parameters.momentum == b.cell.parameters.momentum;
  };
  for (const SimulationRow& row : rows) {
    if (!row.growth) continue;
    controls.insert(row.control);
    etas.insert(row.eta);
    if (std::none_of(firsts.begin(), firsts.end(), [&](const auto* first) { return same_series(*first, row); }))
      firsts.push_back(&row);
  }
  if (controls.size() < 2 || etas.size() < 2) return {};
  const double width = normal_quantile(0.975);
  for (std::size_t series = 0; series < firsts.size(); ++series) {
    for (const SimulationRow& row : rows) {
      if (!row.growth || !same_series(*firsts[series], row)) continue;
      const Estimate& growth = row.growth->log_growth;
      add(table, start_of(row, static_cast<Index>(series)),
          {row.moment, growth.value, growth.value - width * growth.error, growth.value + width * growth.error,
           row.exact_log_growth ? TableValue(row.exact_log_growth->value) : TableValue()});
    }
  }
  return {{"controls", "controls", table}};
}

}  // namespace

std::vector<FigureData> simulation_figures(const std::vector<SimulationRow>& rows) {
  std::vector<FigureData> figures = control_figures(rows);
  Table survival(columns_of({"level", "step", "survival", "lower", "upper", "exponential", "mean_passage"}));
  Index curves = 0;
  for (const auto& row : rows) {
    if (row.escape) add_survival(survival, row, curves++);
  }
  if (curves > 0) figures.push_back({"survival", "survival", survival});
  Table mixing(columns_of({"lag", "correlation", "lower", "upper", "exact"}));
  curves = 0;
  for (const auto& row : rows) {
    if (row.mixing) add_mixing(mixing, row, curves++);
  }
  if (curves > 0) figures.push_back({"mixing", "mixing", mixing});
  Index number = 0;
  for (const auto& row : rows) {
    const std::string suffix = rows.size() > 1 ? "-" + std::to_string(++number) : "";
    if (row.tail) figures.push_back({"hill" + suffix, "hill", hill_data(row)});
    if (row.trajectories) figures.push_back({"trajectories" + suffix, "trajectories", trajectory_data(row)});
    if (row.horizon) figures.push_back({"horizon" + suffix, "horizon", horizon_data(row)});
  }
  return figures;
}

}  // namespace brink
