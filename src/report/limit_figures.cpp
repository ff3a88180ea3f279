#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "brink/report/limit_report.hpp"
#include "loss_points.hpp"
#include "table_values.hpp"

namespace brink {

using namespace table_values;

namespace {

/// What every figure starts with. `parameter` is what the kind of spectrum depends on.
std::vector<Column> setting_columns(std::vector<Column> more) {
  std::vector<Column> columns = {{"series"},   {"rule"},      {"sampling"}, {"momentum"},
                                 {"spectrum"}, {"parameter"}, {"batch"}};
  columns.insert(columns.end(), more.begin(), more.end());
  return columns;
}

std::vector<TableValue> setting_values(std::int64_t series, const LimitSetting& setting) {
  const auto& p = setting.spectrum;
  const TableValue parameter = p.kind == "marchenko-pastur" ? TableValue(p.ratio)
                               : p.kind == "power-law"      ? TableValue(p.exponent)
                                                            : TableValue();
  return {series, setting.rule, setting.sampling, setting.parameters.momentum, p.kind, parameter, setting.batch};
}

using RowGroup = std::pair<std::string, std::vector<const LimitRow*>>;

/// Rows that share a figure, with the end of its name ("" when there is one figure only); `key` tells them apart.
template <class Key>
std::vector<RowGroup> grouped_by(const std::vector<LimitRow>& rows, Key key) {
  std::vector<RowGroup> groups;
  for (const auto& row : rows) {
    const std::string name = key(row.setting);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& entry) { return entry.first == name; });
    if (group == groups.end()) group = groups.insert(groups.end(), {name, {}});
    group->second.push_back(&row);
  }
  if (groups.size() == 1) groups.front().first.clear();
  return groups;
}

std::string rule_and_sampling(const LimitSetting& setting) { return "-" + setting.rule + "-" + setting.sampling; }

std::string with_batch(const LimitSetting& setting) {
  return rule_and_sampling(setting) + "-" + shortest(setting.batch);
}

std::map<double, std::int64_t> momentum_series(const std::vector<const LimitRow*>& rows) {
  std::set<double> momenta;
  for (const auto* row : rows) momenta.insert(row->setting.parameters.momentum);
  std::map<double, std::int64_t> numbers;
  for (const double momentum : momenta) numbers.emplace(momentum, numbers.size());
  return numbers;
}

/// Rows in the order in which a figure wants them: by momentum, then by batch size.
std::vector<const LimitRow*> sorted(std::vector<const LimitRow*> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return std::pair(a->setting.parameters.momentum, a->setting.batch) <
           std::pair(b->setting.parameters.momentum, b->setting.batch);
  });
  return rows;
}

void add_dimension_figures(const std::vector<LimitRow>& rows, std::vector<FigureData>& figures) {
  if (rows.empty() || rows.front().draws.size() < 2) return;
  for (const auto& [suffix, group] : grouped_by(rows, with_batch)) {
    Table table(setting_columns({{"dimension"}, {"eta"}, {"standard_error"}, {"limit"}}));
    const auto numbers = momentum_series(group);
    for (const auto* row : sorted(group)) {
      for (const auto& draw : row->draws) {
        auto values = setting_values(numbers.at(row->setting.parameters.momentum), row->setting);
        append(values,
               {integer(draw.size.dimension), positive(draw.eta), draw.standard_error, positive(draw.limit.eta)});
        table.add_row(values);
      }
    }
    figures.push_back({"limit-dimension" + suffix, "limit-dimension", std::move(table)});
  }
}

void add_batch_figures(const std::vector<LimitRow>& rows, const std::vector<LimitRow>& curve,
                       std::vector<FigureData>& figures) {
  for (const auto& [suffix, measured] : grouped_by(rows, rule_and_sampling)) {
    std::set<double> batches;
    for (const auto* row : measured) batches.insert(row->setting.batch);
    if (batches.size() < 2) continue;
    std::vector<const LimitRow*> group = measured;
    for (const auto& row : curve) {
      if (rule_and_sampling(row.setting) == rule_and_sampling(measured.front()->setting)) group.push_back(&row);
    }
    const auto numbers = momentum_series(group);
    Table table(setting_columns({{"limit"}, {"edge"}, {"dimension"}, {"eta"}, {"standard_error"}}));
    for (const auto* row : sorted(group)) {
      auto values = setting_values(numbers.at(row->setting.parameters.momentum), row->setting);
      append(values, {positive(row->threshold.eta), positive(row->threshold.eta_deterministic)});
      if (row->draws.empty()) {
        append(values, {{}, {}, {}});
      } else {
        const auto& draw = row->draws.back();
        append(values, {integer(draw.size.dimension), positive(draw.eta), draw.standard_error});
      }
      table.add_row(values);
    }
    figures.push_back({"limit-batch" + suffix, "limit-batch", std::move(table)});
  }
}

void add_loss_figures(const std::vector<LimitRow>& rows, std::vector<FigureData>& figures) {
  for (const auto& [suffix, group] : grouped_by(rows, with_batch)) {
    Table table(setting_columns(
        {{"eta"}, {"eta_over_threshold"}, {"step"}, {"loss"}, {"exact"}, {"mean"}, {"median"}, {"lower"}, {"upper"}}));
    std::int64_t series = 0;
    for (const auto* row : sorted(group)) {
      for (const auto& growth : row->growth) {
        if (!growth.loss) continue;
        for (const auto& point : loss_points(*growth.loss)) {
          if (point.step == 0) continue;  // the time axis is logarithmic
          auto values = setting_values(series, row->setting);
          append(values, {growth.eta, growth.eta / row->threshold.eta, integer(point.step), positive(point.loss),
                          point.exact ? positive(*point.exact) : TableValue()});
          if (const auto* s = point.statistics) {
            append(values, {positive(s->mean), positive(s->median), positive(s->lower), positive(s->upper)});
          } else {
            append(values, {{}, {}, {}, {}});
          }
          table.add_row(values);
        }
        ++series;
      }
    }
    if (series > 0) figures.push_back({"loss-curve" + suffix, "loss-curve", std::move(table)});
  }
}

}  // namespace

std::vector<FigureData> limit_figures(const std::vector<LimitRow>& rows, const std::vector<LimitRow>& curve) {
  std::vector<FigureData> figures;
  add_dimension_figures(rows, figures);
  add_batch_figures(rows, curve, figures);
  add_loss_figures(rows, figures);
  return figures;
}

}  // namespace brink
