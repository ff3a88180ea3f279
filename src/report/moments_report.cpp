#include "brink/report/moments_report.hpp"

#include <algorithm>
#include <cmath>

#include "brink/statistics/intervals.hpp"
#include "json_parts.hpp"
#include "table_values.hpp"

namespace brink {

using namespace json_parts;
using namespace table_values;

namespace {

Json steps_json(const StabilityNotion& notion) {
  Json json;
  json["notion"] = notion.name;
  if (notion.moment) {
    put_number(json, "moment", *notion.moment);
  } else {
    put_null(json, "moment", "not applicable", "the mean of the state, not of its norm");
  }
  if (!notion.steps) {
    put_null(json, "eta", "not found", notion.reason);
    json["eta_error"] = nullptr;
    json["intervals"] = Json::array();
    return json;
  }
  const StableSteps& steps = *notion.steps;
  const bool from_zero = !steps.intervals.empty() && steps.intervals.front().lower == 0;
  if (from_zero && steps.intervals.front().ends_with_search) {
    put_null(json, "eta", "not found", "every step size searched is stable");
    json["eta_error"] = nullptr;
  } else {
    put_number(json, "eta", steps.threshold());
    put_number(json, "eta_error", from_zero ? steps.intervals.front().upper_error : 0);
  }
  json["error_kind"] = error_kind_name(steps.error_kind);
  json["intervals"] = Json::array();
  for (const auto& interval : steps.intervals) {
    Json one;
    put_number(one, "lower", interval.lower);
    put_number(one, "lower_error", interval.lower_error);
    put_number(one, "upper", interval.upper);
    put_number(one, "upper_error", interval.upper_error);
    one["ends_with_search"] = interval.ends_with_search;
    json["intervals"].push_back(one);
  }
  json["complete"] = steps.complete;
  if (std::isfinite(steps.searched_to)) {
    put_number(json, "searched_to", steps.searched_to);
  } else {
    json["searched_to"] = "all step sizes";
  }
  json["method"] = steps.method;
  json["warnings"] = steps.warnings;
  return json;
}

Json growth_json(const MomentGrowth& growth) {
  Json json;
  put_number(json, "moment", growth.moment);
  if (!growth.log_growth) {
    put_null(json, "log_growth", "not measured", growth.reason);
    json["error"] = nullptr;
    return json;
  }
  put_number(json, "log_growth", growth.log_growth->value);
  put_number(json, "error", growth.log_growth->error);
  json["error_kind"] = error_kind_name(growth.log_growth->kind);
  json["stable"] = growth.log_growth->value < 0;
  json["method"] = growth.log_growth->method;
  json["warnings"] = growth.log_growth->warnings;
  return json;
}

Json growth_row_json(const MomentGrowthRow& row, bool with_tail) {
  Json json;
  put_number(json, "eta", row.eta);
  json["moments"] = Json::array();
  for (const auto& growth : row.moments) json["moments"].push_back(growth_json(growth));
  if (!with_tail) return json;
  if (row.tail_index) {
    put_number(json, "tail_index", row.tail_index->value);
    put_number(json, "tail_index_error", row.tail_index->error);
    json["tail_index_error_kind"] = error_kind_name(row.tail_index->kind);
    json["tail_index_method"] = row.tail_index->method;
    json["tail_index_warnings"] = row.tail_index->warnings;
  } else {
    put_null(json, "tail_index", "none", row.no_tail_index);
    json["tail_index_error"] = nullptr;
  }
  return json;
}

const std::vector<MomentGrowthRow>& rows_of(const MomentStudy& study) {
  return study.growth.empty() ? study.curve : study.growth;
}

bool same_curve(const Cell& a, const Cell& b) {
  return a.rule == b.rule && a.sampling == b.sampling && a.parameters.momentum == b.parameters.momentum;
}

std::string suffix(const Cell& cell) {
  return "-" + cell.rule + "-" + shortest(cell.parameters.momentum) + "-" + cell.sampling;
}

/// The notion that a moment of the plan became.
const StabilityNotion* notion_of(const MomentStudy& study, double moment) {
  const StabilityNotion* found = nullptr;
  for (const auto& notion : study.notions)
    if (notion.moment && *notion.moment == moment) found = &notion;
  return found;
}

/// Curves of Λ(q)/q, then the zeros as points.
Table growth_data(const MomentStudy& study) {
  Table table({{"series"},
               {"rule"},
               {"sampling"},
               {"momentum"},
               {"batch"},
               {"moment"},
               {"eta"},
               {"growth"},
               {"growth_lower"},
               {"growth_upper"},
               {"zero"},
               {"zero_lower"},
               {"zero_upper"}});
  const double width = normal_quantile(0.975);
  const std::size_t count = study.curve.empty() ? 0 : study.curve.front().moments.size();
  for (std::size_t i = 0; i < count; ++i) {
    const double q = study.curve.front().moments[i].moment;
    const double scale = q == 0 ? 1 : 1 / q;
    const auto add = [&](std::initializer_list<TableValue> values) {
      std::vector<TableValue> row = {static_cast<std::int64_t>(i),
                                     study.cell.rule,
                                     study.cell.sampling,
                                     study.cell.parameters.momentum,
                                     integer(study.cell.batch_size),
                                     q};
      row.insert(row.end(), values);
      table.add_row(std::move(row));
    };
    for (const auto& row : study.curve) {
      const auto& growth = row.moments[i].log_growth;
      if (!growth || !std::isfinite(growth->value)) continue;
      const double margin = growth->kind == ErrorKind::standard_error ? width * growth->error : growth->error;
      add({row.eta,
           scale * growth->value,
           scale * (growth->value - margin),
           scale * (growth->value + margin),
           {},
           {},
           {}});
    }
    const StabilityNotion* notion = notion_of(study, q);
    if (notion == nullptr || !notion->steps) continue;
    const double end = study.curve.back().eta;
    const double times = notion->steps->error_kind == ErrorKind::standard_error ? width : 1;
    const auto add_zero = [&](double eta, double error) {
      if (eta > 0 && eta <= end) add({{}, {}, {}, {}, eta, eta - times * error, eta + times * error});
    };
    for (const auto& interval : notion->steps->intervals) {
      add_zero(interval.lower, interval.lower_error);
      if (!interval.ends_with_search) add_zero(interval.upper, interval.upper_error);
    }
  }
  return table;
}

/// Stable intervals of every notion: thresholds, then the intervals above them.
Table notion_data(const std::vector<const MomentStudy*>& group) {
  Table table({{"series"},
               {"rule"},
               {"sampling"},
               {"momentum"},
               {"notion"},
               {"moment"},
               {"batch"},
               {"eta"},
               {"eta_lower"},
               {"eta_upper"},
               {"island_lower"},
               {"island_upper"}});
  const double width = normal_quantile(0.975);
  for (std::size_t i = 0; i < group.front()->notions.size(); ++i) {
    const auto add = [&](const MomentStudy& study, std::initializer_list<TableValue> values) {
      const StabilityNotion& notion = study.notions[i];
      std::vector<TableValue> row = {static_cast<std::int64_t>(i),   study.cell.rule, study.cell.sampling,
                                     study.cell.parameters.momentum, notion.name,     optional(notion.moment),
                                     integer(study.cell.batch_size)};
      row.insert(row.end(), values);
      table.add_row(std::move(row));
    };
    // Islands after the thresholds: a missing value would break the curve.
    for (const MomentStudy* study : group) {
      const auto& steps = study->notions[i].steps;
      const bool known = steps && !steps->intervals.empty() && !steps->intervals.front().ends_with_search;
      if (!known) {
        add(*study, {{}, {}, {}, {}, {}});
        continue;
      }
      const double margin = width * steps->intervals.front().upper_error;
      const bool measured = steps->error_kind == ErrorKind::standard_error;
      const double eta = steps->threshold();
      add(*study, {eta,
                   measured ? TableValue(eta - margin) : TableValue(),
                   measured ? TableValue(eta + margin) : TableValue(),
                   {},
                   {}});
    }
    for (const MomentStudy* study : group) {
      if (!study->notions[i].steps) continue;
      for (const auto& interval : study->notions[i].steps->intervals)
        if (interval.lower != 0) add(*study, {{}, {}, {}, interval.lower, interval.upper});
    }
  }
  return table;
}

}  // namespace

std::string moments_json(const LoadedModel& model, const std::vector<MomentStudy>& studies) {
  Json json;
  json["schema"] = "brink.moments/1";
  json["model"] = model_json(model);
  json["rows"] = Json::array();
  for (const auto& study : studies) {
    Json row;
    put_cell(row, study.cell);
    put_other_parameters(row, study.cell);
    row["thresholds"] = Json::array();
    for (const auto& notion : study.notions) row["thresholds"].push_back(steps_json(notion));
    row["growth"] = Json::array();
    for (const auto& growth : rows_of(study)) row["growth"].push_back(growth_row_json(growth, !study.growth.empty()));
    json["rows"].push_back(row);
  }
  return written(json);
}

Table moment_threshold_table(const std::vector<MomentStudy>& studies) {
  Table table({{"rule"},
               {"momentum"},
               {"sampling"},
               {"batch"},
               {"notion"},
               {"moment"},
               {"stable_above", 8},
               {"lower_error", kErrorDigits},
               {"stable_below", 8},
               {"upper_error", kErrorDigits},
               {"complete"},
               {"method"},
               {"note"}});
  for (const auto& study : studies) {
    for (const auto& notion : study.notions) {
      const auto add = [&](std::initializer_list<TableValue> values) {
        auto row = cell_values(study.cell);
        row.insert(row.end(), {notion.name, optional(notion.moment)});
        row.insert(row.end(), values);
        table.add_row(std::move(row));
      };
      if (!notion.steps) {
        add({{}, {}, {}, {}, {}, {}, notion.reason});
        continue;
      }
      std::string note;
      for (const auto& warning : notion.steps->warnings) note += (note.empty() ? "" : "; ") + warning;
      if (notion.steps->intervals.empty())
        add({{}, {}, {}, {}, notion.steps->complete, notion.steps->method, "no step size is stable"});
      for (const auto& interval : notion.steps->intervals) {
        const std::string end = interval.ends_with_search ? "stable to the end of the search" : "";
        add({interval.lower, interval.lower_error, interval.upper,
             interval.ends_with_search ? TableValue() : TableValue(interval.upper_error), notion.steps->complete,
             notion.steps->method, end + (end.empty() || note.empty() ? "" : "; ") + note});
      }
    }
  }
  return table;
}

Table moment_growth_table(const std::vector<MomentStudy>& studies) {
  Table table({{"rule"},
               {"momentum"},
               {"sampling"},
               {"batch"},
               {"eta"},
               {"moment"},
               {"log_growth", 8},
               {"error", kErrorDigits},
               {"method"},
               {"tail_index", 6},
               {"tail_index_error", kErrorDigits},
               {"note"}});
  for (const auto& study : studies) {
    for (const auto& row : rows_of(study)) {
      bool first = true;
      for (const auto& growth : row.moments) {
        auto values = cell_values(study.cell);
        std::string note = growth.reason;
        values.insert(values.end(), {row.eta, growth.moment});
        if (growth.log_growth) {
          for (const auto& warning : growth.log_growth->warnings) note += (note.empty() ? "" : "; ") + warning;
          values.insert(values.end(), {growth.log_growth->value, growth.log_growth->error, growth.log_growth->method});
        } else {
          values.insert(values.end(), {{}, {}, {}});
        }
        if (first && row.tail_index) {
          values.insert(values.end(), {row.tail_index->value, row.tail_index->error});
        } else {
          values.insert(values.end(), {{}, {}});
        }
        values.emplace_back(note);
        table.add_row(std::move(values));
        first = false;
      }
    }
  }
  return table;
}

std::vector<FigureData> moment_figures(const std::vector<MomentStudy>& studies) {
  std::vector<FigureData> figures;
  for (const auto& study : studies) {
    const std::string name =
        studies.size() == 1 ? "moments" : "moments" + suffix(study.cell) + "-" + std::to_string(study.cell.batch_size);
    figures.push_back({name, "moments", growth_data(study)});
  }
  std::vector<std::vector<const MomentStudy*>> groups;
  for (const auto& study : studies) {
    const auto same = [&](const auto& group) { return same_curve(group.front()->cell, study.cell); };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {{}});
    group->push_back(&study);
  }
  for (auto& group : groups) {
    std::stable_sort(group.begin(), group.end(),
                     [](const auto* a, const auto* b) { return a->cell.batch_size < b->cell.batch_size; });
    figures.push_back(
        {groups.size() == 1 ? "notions" : "notions" + suffix(group.front()->cell), "notions", notion_data(group)});
  }
  return figures;
}

}  // namespace brink
