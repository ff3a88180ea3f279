#include "brink/report/phase_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "brink/base/error.hpp"
#include "brink/verification/phase_interpolation.hpp"
#include "json_parts.hpp"
#include "table_values.hpp"

namespace brink {

using namespace json_parts;
using namespace table_values;

namespace {

Json axis_json(const GridAxis& axis) {
  Json json;
  json["quantity"] = axis.quantity;
  json["scale"] = axis.logarithmic ? "log" : "linear";
  json["values"] = axis.values;
  return json;
}

std::vector<std::string> quantities_of(const PhasePlan& plan) {
  std::vector<std::string> names = {"growth"};
  if (plan.measured_growth) names.emplace_back("measured-growth");
  if (plan.lyapunov) names.emplace_back("lyapunov");
  if (plan.escape) names.emplace_back("escape");
  if (plan.notions) names.emplace_back("notions");
  return names;
}

Cell cell_of(const PhasePlan& plan, const PhaseGrid::Setting& setting) {
  Cell cell{plan.rule, plan.parameters, plan.sampling, setting.batch_size};
  cell.parameters.momentum = setting.momentum;
  return cell;
}

void put_value(Json& json, const std::string& key, const CellValue& value, std::vector<std::string>& warnings) {
  const bool simulated = !value.estimate || value.estimate->kind == ErrorKind::standard_error;
  const std::string error_key = key + (simulated && key != "log_growth" ? "_standard_error" : "_error");
  if (value.estimate) {
    put_number(json, key.c_str(), value.estimate->value);
    put_number(json, error_key.c_str(), value.estimate->error);
    json[key + "_method"] = value.estimate->method;
    for (const auto& warning : value.estimate->warnings) warnings.push_back(key + ": " + warning);
  } else {
    put_null(json, key.c_str(), "not found", value.reason);
    json[error_key] = nullptr;
  }
}

void put_threshold(Json& json, double eta, const SettingThreshold& threshold) {
  if (!threshold.reason.empty()) {
    put_null(json, "eta_mean_square", "not found", threshold.reason);
    return;
  }
  put_number(json, "eta_mean_square", threshold.eta_mean_square);
  put_number(json, "residual", threshold.residual);
  put_number(json, "eta_deterministic", threshold.eta_deterministic);
  if (threshold.eta_mean_square > 0) put_number(json, "eta_over_threshold", eta / threshold.eta_mean_square);
  json["method"] = threshold.method;
}

double fraction_of(const EscapeSummary& escape) {
  return static_cast<double>(escape.escaped) / static_cast<double>(escape.replicas);
}

void put_escape(Json& json, const EscapeSummary& escape) {
  json["diverged"] = escape.escaped;
  json["replicas"] = escape.replicas;
  put_number(json, "diverged_fraction", fraction_of(escape));
  put_number(json, "diverged_fraction_lower", escape.fraction.lower);
  put_number(json, "diverged_fraction_upper", escape.fraction.upper);
  const auto put_time = [&](const char* key, const std::optional<Index>& time) {
    if (time) {
      json[key] = *time;
    } else {
      put_null(json, key, "censored", fmt::format("beyond the horizon of {} steps", escape.horizon));
    }
  };
  put_number(json, "escape_rate", escape.hazard);
  put_number(json, "escape_rate_lower", escape.hazard_interval.lower);
  put_number(json, "escape_rate_upper", escape.hazard_interval.upper);
  put_number(json, "escape_time_mean", escape.mean);
  put_number(json, "escape_time_mean_standard_error", escape.mean_error);
  put_time("escape_time_median", escape.median);
  put_time("escape_time_median_lower", escape.median_lower);
  put_time("escape_time_median_upper", escape.median_upper);
}

/// "eta_almost_sure" or "eta_moment_4".
std::string key_of(const NotionThreshold& notion) {
  return notion.moment == 0 ? "eta_almost_sure" : fmt::format("eta_moment_{:g}", notion.moment);
}

void put_notion(Json& json, const NotionThreshold& notion, std::vector<std::string>& warnings) {
  const std::string key = key_of(notion);
  if (!notion.eta.estimate) {
    put_null(json, key.c_str(), "not found", notion.eta.reason);
    json[key + "_error"] = nullptr;
  } else {
    const Estimate& estimate = *notion.eta.estimate;
    put_number(json, key.c_str(), estimate.value);
    put_number(json, (key + "_error").c_str(), estimate.error);
    json[key + "_error_kind"] = error_kind_name(estimate.kind);
    json[key + "_method"] = estimate.method;
    for (const auto& warning : estimate.warnings) warnings.push_back(key + ": " + warning);
  }
  json[key + "_intervals"] = notion.intervals;
  json[key + "_all_intervals"] = notion.all_intervals;
}

const SettingThreshold& threshold_of(const PhaseGrid& grid, const PhaseCells& cells, Index cell) {
  return *cells.at(grid.threshold_cell(cell)).threshold;
}

void check_complete(const PhasePlan& plan, const PhaseCells& cells) {
  const auto wanted = wanted_cells(plan, cells);
  check_argument(wanted.empty(), "phase diagram", "cells", fmt::format("{} missing", wanted.size()),
                 "every cell that the plan wants");
}

using Interpolated = std::map<Index, InterpolatedGrowth>;

Json cell_json(const PhasePlan& plan, const PhaseGrid& grid, const PhaseCells& cells, const Interpolated& interpolated,
               Index number, Index source) {
  const auto setting = grid.setting(number);
  Json json;
  put_cell(json, cell_of(plan, setting));
  put_number(json, "eta", setting.eta);
  const bool computed = source == number;
  json["computed"] = computed;
  if (!computed) {
    json["inherits"] = source;
    const auto between = interpolated.find(number);
    json["interpolated"] = between != interpolated.end();
    if (between == interpolated.end()) return json;
    const InterpolatedGrowth& growth = between->second;
    put_number(json, "log_growth", growth.log_growth);
    put_number(json, "log_growth_error", growth.bound);
    json["log_growth_method"] = growth.method;
    json["bound_proven"] = growth.proven;
    json["stable"] = growth.log_growth < 0;
    return json;
  }
  const PhaseCell& cell = cells.at(number);
  std::vector<std::string> warnings;
  put_value(json, "log_growth", cell.growth, warnings);
  json["stable"] = cell.stable ? Json(*cell.stable) : Json(nullptr);
  put_threshold(json, setting.eta, threshold_of(grid, cells, number));
  for (const NotionThreshold& notion : cells.at(grid.threshold_cell(number)).notions)
    put_notion(json, notion, warnings);
  if (cell.measured_growth) put_value(json, "measured_log_growth", *cell.measured_growth, warnings);
  if (cell.lyapunov) put_value(json, "lyapunov", *cell.lyapunov, warnings);
  if (cell.escape) put_escape(json, *cell.escape);
  json["warnings"] = warnings;
  return json;
}

}  // namespace

std::string phase_model_json(const LoadedModel& model) { return written(model_json(model)); }

std::string phase_json(std::string_view model, const PhasePlan& plan, const PhaseCells& cells) {
  check_complete(plan, cells);
  const PhaseGrid grid(plan);
  const auto sources = inherited_from(plan, cells);
  Json json;
  json["schema"] = "brink.sweep/1";
  json["model"] = Json::parse(model);
  json["axes"] = {axis_json(plan.x), axis_json(plan.y)};
  json["panels"] = {{"quantity", plan.third_quantity()}, {"values", plan.third}};
  json["quantities"] = quantities_of(plan);
  json["coarse"] = plan.coarse;
  if (plan.escape) json["escape_level"] = plan.escape_level;
  if (plan.escape) json["horizon"] = plan.steps;
  Cell cell = cell_of(plan, {});
  put_other_parameters(json, cell);
  json["cells_computed"] = cells.size();
  const auto interpolated = interpolate_growth(plan, cells);
  json["cells_interpolated"] = interpolated.size();
  double largest = 0;
  for (const auto& [number, growth] : interpolated) largest = std::max(largest, growth.bound);
  put_number(json, "largest_interpolation_bound", largest);
  json["cells"] = Json::array();
  for (Index number = 0; number < grid.cells(); ++number)
    json["cells"].push_back(
        cell_json(plan, grid, cells, interpolated, number, sources[static_cast<std::size_t>(number)]));
  return written(json);
}

std::string phase_shard_json(std::string_view model, const Shard& shard, const PhaseCells& cells) {
  Json json;
  json["schema"] = "brink.sweep-shard/1";
  json["shard"] = fmt::format("{}/{}", shard.number + 1, shard.count);
  json["model"] = Json::parse(model);
  json["cells_computed"] = cells.size();
  return written(json);
}

std::string model_of_result(std::string_view result_json) {
  try {
    return written(Json::parse(result_json).at("model"));
  } catch (const Json::exception& error) {
    fail_argument("model_of_result", "result", error.what(), "the JSON of a result");
  }
}

Table phase_table(const PhasePlan& plan, const PhaseCells& cells) {
  const PhaseGrid grid(plan);
  const auto sources = inherited_from(plan, cells);
  std::vector<Column> columns = {{"cell"},
                                 {"rule"},
                                 {"momentum"},
                                 {"sampling"},
                                 {"batch"},
                                 {"eta"},
                                 {"computed"},
                                 {"inherits"},
                                 {"interpolated"},
                                 {"stable"},
                                 {"log_growth"},
                                 {"log_growth_error", kErrorDigits},
                                 {"eta_mean_square"},
                                 {"eta_deterministic"}};
  const auto add_columns = [&](const std::vector<Column>& more) {
    columns.insert(columns.end(), more.begin(), more.end());
  };
  if (plan.notions)
    add_columns({{"eta_almost_sure"},
                 {"eta_almost_sure_error", kErrorDigits},
                 {"eta_moment_4"},
                 {"eta_moment_4_error", kErrorDigits}});
  if (plan.measured_growth)
    add_columns({{"measured_log_growth"}, {"measured_log_growth_standard_error", kErrorDigits}});
  if (plan.lyapunov) add_columns({{"lyapunov"}, {"lyapunov_standard_error", kErrorDigits}});
  if (plan.escape)
    add_columns({{"diverged_fraction"},
                 {"diverged_fraction_lower"},
                 {"diverged_fraction_upper"},
                 {"escape_time_median"},
                 {"escape_time_median_lower"},
                 {"escape_time_median_upper"},
                 {"escape_rate"},
                 {"escape_rate_lower"},
                 {"escape_rate_upper"},
                 {"escape_time_mean"},
                 {"escape_time_mean_standard_error", kErrorDigits}});
  Table table(columns);
  const auto interpolated = interpolate_growth(plan, cells);
  for (Index number = 0; number < grid.cells(); ++number) {
    const auto setting = grid.setting(number);
    const Index source = sources[static_cast<std::size_t>(number)];
    std::vector<TableValue> row = {
        static_cast<std::int64_t>(number), plan.rule,   setting.momentum, plan.sampling,
        integer(setting.batch_size),       setting.eta, source == number, static_cast<std::int64_t>(source),
        interpolated.count(number) > 0};
    if (source == number) {
      const PhaseCell& cell = cells.at(number);
      const SettingThreshold& threshold = threshold_of(grid, cells, number);
      row.push_back(cell.stable ? TableValue(*cell.stable) : TableValue());
      const auto add_value = [&](const CellValue& value) {
        row.push_back(value.estimate ? TableValue(value.estimate->value) : TableValue());
        row.push_back(value.estimate ? TableValue(value.estimate->error) : TableValue());
      };
      add_value(cell.growth);
      row.push_back(threshold.reason.empty() ? TableValue(threshold.eta_mean_square) : TableValue());
      row.push_back(threshold.reason.empty() ? TableValue(threshold.eta_deterministic) : TableValue());
      for (const NotionThreshold& notion : cells.at(grid.threshold_cell(number)).notions) add_value(notion.eta);
      if (cell.measured_growth) add_value(*cell.measured_growth);
      if (cell.lyapunov) add_value(*cell.lyapunov);
      if (cell.escape) {
        const EscapeSummary& escape = *cell.escape;
        row.insert(row.end(), {fraction_of(escape), escape.fraction.lower, escape.fraction.upper});
        for (const auto& time : {escape.median, escape.median_lower, escape.median_upper})
          row.push_back(time ? TableValue(static_cast<std::int64_t>(*time)) : TableValue());
        row.insert(row.end(), {escape.hazard, escape.hazard_interval.lower, escape.hazard_interval.upper, escape.mean,
                               escape.mean_error});
      }
    } else if (const auto between = interpolated.find(number); between != interpolated.end()) {
      const InterpolatedGrowth& growth = between->second;
      row.insert(row.end(), {growth.log_growth < 0, growth.log_growth, growth.bound});
    }
    row.resize(columns.size());
    table.add_row(row);
  }
  return table;
}

}  // namespace brink
