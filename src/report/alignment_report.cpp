#include "brink/report/alignment_report.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "brink/statistics/intervals.hpp"
#include "json_parts.hpp"
#include "table_values.hpp"

namespace brink {

using namespace json_parts;
using namespace table_values;

namespace {

/// The critical mode is right to about the root of the relative error of its eigenvalue, and μ with it.
double critical_error(const AlignmentRow& row) {
  return row.critical->error + row.critical->mu * std::sqrt(row.threshold.residual);
}

void put_alignment(Json& json, const LossAlignment& alignment, double error) {
  put_number(json, "mu", alignment.mu);
  put_number(json, "mu_error", error);
  put_number(json, "direction_alignment", alignment.direction);
  put_number(json, "magnitude", alignment.magnitude);
}

void put_trajectory(Json& json, const TrajectoryAlignment& trajectory) {
  const auto put = [&](const std::string& key, const Estimate& estimate) {
    put_number(json, key.c_str(), estimate.value);
    put_number(json, (key + "_standard_error").c_str(), estimate.error);
  };
  put("mu", trajectory.mu);
  put("direction_alignment", trajectory.direction);
  put("magnitude", trajectory.magnitude);
  put_number(json, "degrees_of_freedom", trajectory.degrees_of_freedom);
  json["method"] = trajectory.mu.method;
}

Json escape_json(const EscapeRow& row, const AlignmentRow& cell) {
  Json json;
  put_number(json, "eta", row.eta);
  if (cell.threshold.eta > 0) {
    put_number(json, "eta_over_threshold", row.eta / cell.threshold.eta);
  } else {
    put_null(json, "eta_over_threshold", "not applicable", "no step size is stable");
  }
  put_number(json, "log_growth", row.exact.log_growth);
  put_number(json, "log_growth_error", row.exact.residual);
  const auto bound = cell.bound.log_growth(row.eta);
  if (bound) {
    put_number(json, "log_growth_bound", *bound);
    put_number(json, "log_growth_bound_error", 2 * cell.bound.residual);
  } else {
    put_null(json, "log_growth_bound", "not applicable", cell.bound.reason);
    json["log_growth_bound_error"] = nullptr;
  }
  put_number(json, "log_growth_measured", row.measured.log_growth.value);
  put_number(json, "standard_error", row.measured.log_growth.error);
  put_number(json, "degrees_of_freedom", row.measured.degrees_of_freedom);
  json["method"] = row.exact.method;
  std::vector<std::string> warnings = row.exact.warnings;
  const auto warn = [&](const Estimate& estimate) {
    warnings.insert(warnings.end(), estimate.warnings.begin(), estimate.warnings.end());
  };
  warn(row.measured.log_growth);
  if (row.trajectory) {
    put_trajectory(json["trajectory"], *row.trajectory);
    for (const auto* estimate : {&row.trajectory->mu, &row.trajectory->direction, &row.trajectory->magnitude}) {
      warn(*estimate);
    }
  } else {
    put_null(json, "trajectory", "not applicable", row.trajectory_reason);
  }
  json["warnings"] = warnings;
  return json;
}

Json row_json(const AlignmentRow& row) {
  Json json;
  put_cell(json, row.cell);
  put_other_parameters(json, row.cell);
  put_number(json, "eta_mean_square", row.threshold.eta);
  put_number(json, "residual", row.threshold.residual);
  if (row.bound.eta) {
    put_number(json, "eta_bound", *row.bound.eta);
    put_number(json, "eta_bound_residual", row.bound.residual);
    put_number(json, "smallest_mu", row.bound.smallest_mu);
    if (!row.bound.reason.empty()) json["bound_note"] = row.bound.reason;
  } else {
    put_null(json, "eta_bound", "not applicable", row.bound.reason);
    json["eta_bound_residual"] = nullptr;
    json["smallest_mu"] = nullptr;
  }
  if (row.critical) {
    put_alignment(json["critical"], *row.critical, critical_error(row));
  } else {
    put_null(json, "critical", "not applicable",
             "there is no critical mode where the threshold is the noise-free edge");
  }
  json["escape"] = Json::array();
  for (const auto& escape : row.escape) json["escape"].push_back(escape_json(escape, row));
  json["warnings"] = row.threshold.warnings;
  return json;
}

/// `escape` is the first step size of the row with a trajectory.
Table trajectory_data(const AlignmentRow& row, const EscapeRow& escape) {
  Table table({{"rule"},
               {"sampling"},
               {"momentum"},
               {"batch"},
               {"eta"},
               {"eta_over_threshold"},
               {"step"},
               {"mu"},
               {"direction"},
               {"magnitude"},
               {"critical_mu"},
               {"critical_direction"},
               {"critical_magnitude"}});
  const auto steps = std::min<std::size_t>(escape.trajectory->curve.size(), kFigureSteps);
  for (std::size_t i = 0; i < steps; ++i) {
    const LossAlignment& at = escape.trajectory->curve[i];
    std::vector<TableValue> values = {row.cell.rule,
                                      row.cell.sampling,
                                      row.cell.parameters.momentum,
                                      integer(row.cell.batch_size),
                                      escape.eta,
                                      row.threshold.eta > 0 ? TableValue(escape.eta / row.threshold.eta) : TableValue(),
                                      integer(static_cast<Index>(i)),
                                      at.mu,
                                      at.direction,
                                      at.magnitude};
    if (row.critical) {
      values.insert(values.end(), {row.critical->mu, row.critical->direction, row.critical->magnitude});
    } else {
      values.insert(values.end(), 3, TableValue());
    }
    table.add_row(values);
  }
  return table;
}

std::string cell_suffix(const Cell& cell) {
  return "-" + cell.rule + "-" + shortest(cell.parameters.momentum) + "-" + cell.sampling;
}

}  // namespace

std::string alignment_json(const LoadedModel& model, const std::optional<DirectionRow>& direction,
                           const std::vector<AlignmentRow>& rows) {
  Json json;
  json["schema"] = "brink.alignment/1";
  json["model"] = model_json(model);
  if (direction) {
    Json& given = json["direction"];
    given["name"] = direction->name;
    put_alignment(given, direction->alignment, direction->alignment.error);
    put_number(given, "outside_range", direction->outside_range);
  }
  json["rows"] = Json::array();
  for (const auto& row : rows) json["rows"].push_back(row_json(row));
  return written(json);
}

Table alignment_table(const std::vector<AlignmentRow>& rows) {
  constexpr int error_digits = 2;
  Table table({{"rule"},
               {"momentum"},
               {"sampling"},
               {"batch"},
               {"eta_mean_square"},
               {"eta_bound"},
               {"smallest_mu"},
               {"critical_mu"},
               {"critical_direction"},
               {"critical_magnitude"},
               {"eta"},
               {"log_growth"},
               {"log_growth_bound"},
               {"log_growth_measured"},
               {"standard_error", error_digits},
               {"mu"},
               {"mu_standard_error", error_digits},
               {"direction_alignment"},
               {"magnitude"}});
  for (const auto& row : rows) {
    std::vector<TableValue> values = {row.cell.rule,
                                      row.cell.parameters.momentum,
                                      row.cell.sampling,
                                      integer(row.cell.batch_size),
                                      row.threshold.eta,
                                      optional(row.bound.eta),
                                      row.bound.eta ? TableValue(row.bound.smallest_mu) : TableValue()};
    if (row.critical) {
      values.insert(values.end(), {row.critical->mu, row.critical->direction, row.critical->magnitude});
    } else {
      values.insert(values.end(), 3, TableValue());
    }
    if (row.escape.empty()) {
      values.insert(values.end(), 9, TableValue());
      table.add_row(values);
    }
    for (const auto& escape : row.escape) {
      auto line = values;
      line.insert(line.end(), {escape.eta, escape.exact.log_growth, optional(row.bound.log_growth(escape.eta)),
                               escape.measured.log_growth.value, escape.measured.log_growth.error});
      if (const auto& along = escape.trajectory) {
        line.insert(line.end(), {along->mu.value, along->mu.error, along->direction.value, along->magnitude.value});
      } else {
        line.insert(line.end(), 4, TableValue());
      }
      table.add_row(line);
    }
  }
  return table;
}

Table direction_table(const DirectionRow& direction) {
  Table table({{"direction"}, {"mu"}, {"mu_error", 2}, {"direction_alignment"}, {"magnitude"}, {"outside_range", 2}});
  table.add_row({direction.name, direction.alignment.mu, direction.alignment.error, direction.alignment.direction,
                 direction.alignment.magnitude, direction.outside_range});
  return table;
}

std::vector<FigureData> alignment_figures(const std::vector<AlignmentRow>& rows) {
  std::vector<FigureData> figures;
  std::map<std::tuple<std::string, double, std::string>, std::vector<const AlignmentRow*>> groups;
  const auto drawn =
      std::count_if(rows.begin(), rows.end(), [](const AlignmentRow& row) { return !row.escape.empty(); });
  for (const auto& row : rows) {
    if (row.escape.empty()) continue;
    const std::string suffix = drawn == 1 ? "" : cell_suffix(row.cell) + "-" + std::to_string(row.cell.batch_size);
    const auto followed = std::find_if(row.escape.begin(), row.escape.end(),
                                       [](const EscapeRow& escape) { return escape.trajectory.has_value(); });
    if (followed != row.escape.end()) {
      figures.push_back({"alignment" + suffix, "alignment", trajectory_data(row, *followed)});
    }
    groups[{row.cell.rule, row.cell.parameters.momentum, row.cell.sampling}].push_back(&row);
  }
  for (auto& [key, group] : groups) {
    std::stable_sort(group.begin(), group.end(),
                     [](const auto* a, const auto* b) { return a->cell.batch_size < b->cell.batch_size; });
    Table table({{"series"},
                 {"rule"},
                 {"sampling"},
                 {"momentum"},
                 {"batch"},
                 {"eta"},
                 {"eta_over_threshold"},
                 {"exact"},
                 {"measured"},
                 {"measured_lower"},
                 {"measured_upper"},
                 {"bound"}});
    std::int64_t series = 0;
    for (const AlignmentRow* row : group) {
      std::vector<const EscapeRow*> points;
      for (const auto& escape : row->escape) points.push_back(&escape);
      std::stable_sort(points.begin(), points.end(), [](const auto* a, const auto* b) { return a->eta < b->eta; });
      // Between the step sizes there is theory only.
      auto between = row->curve.begin();
      const auto add_curve_below = [&](double eta) {
        for (; between != row->curve.end() && between->first < eta; ++between) {
          table.add_row({series, row->cell.rule, row->cell.sampling, row->cell.parameters.momentum,
                         integer(row->cell.batch_size), between->first,
                         row->threshold.eta > 0 ? TableValue(between->first / row->threshold.eta) : TableValue(),
                         between->second, TableValue(), TableValue(), TableValue(),
                         optional(row->bound.log_growth(between->first))});
        }
      };
      for (const EscapeRow* point : points) {
        add_curve_below(point->eta);
        if (between != row->curve.end() && between->first == point->eta) ++between;
        const double value = point->measured.log_growth.value;
        const double reach =
            student_quantile(0.975, point->measured.degrees_of_freedom) * point->measured.log_growth.error;
        table.add_row({series, row->cell.rule, row->cell.sampling, row->cell.parameters.momentum,
                       integer(row->cell.batch_size), point->eta,
                       row->threshold.eta > 0 ? TableValue(point->eta / row->threshold.eta) : TableValue(),
                       point->exact.log_growth, value, value - reach, value + reach,
                       optional(row->bound.log_growth(point->eta))});
      }
      ++series;
    }
    figures.push_back(
        {"escape" + (groups.size() == 1 ? "" : cell_suffix(group.front()->cell)), "escape", std::move(table)});
  }
  return figures;
}

}  // namespace brink
