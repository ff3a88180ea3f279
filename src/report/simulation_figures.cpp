#include "brink/report/simulation_figures.hpp"

#include <cmath>

namespace brink {
namespace {

using Row = std::vector<TableValue>;

TableValue integer(Index value) { return static_cast<std::int64_t>(value); }

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

}  // namespace

std::vector<FigureData> simulation_figures(const std::vector<SimulationRow>& rows) {
  std::vector<FigureData> figures;
  Table survival(columns_of({"level", "step", "survival", "lower", "upper", "exponential", "mean_passage"}));
  Index curves = 0;
  for (const auto& row : rows) {
    if (row.escape) add_survival(survival, row, curves++);
  }
  if (curves > 0) figures.push_back({"survival", "survival", survival});
  Index number = 0;
  for (const auto& row : rows) {
    const std::string suffix = rows.size() > 1 ? "-" + std::to_string(++number) : "";
    if (row.tail) figures.push_back({"hill" + suffix, "hill", hill_data(row)});
    if (row.horizon) figures.push_back({"horizon" + suffix, "horizon", horizon_data(row)});
  }
  return figures;
}

}  // namespace brink
