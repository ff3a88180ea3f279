#include "brink/report/figure_data.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "brink/report/model_figures.hpp"
#include "brink/sampling/batch_law.hpp"
#include "table_values.hpp"

namespace brink {

using namespace table_values;

namespace {

using RuleAndSampling = std::pair<std::string, std::string>;
/// Sorts by momentum, then batch size.
using Position = std::tuple<double, Index>;
using CurveGroup = std::map<Position, CellResult>;

/// The groups in the order in which the report, then the curve, first names them.
std::vector<std::pair<RuleAndSampling, CurveGroup>> grouped(const VerificationReport& report,
                                                            const std::vector<CellResult>& curve) {
  std::vector<std::pair<RuleAndSampling, CurveGroup>> groups;
  const auto insert = [&groups](const CellResult& result) {
    const RuleAndSampling key = {result.cell.rule, result.cell.sampling};
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& entry) { return entry.first == key; });
    if (group == groups.end()) group = groups.insert(groups.end(), {key, {}});
    group->second.try_emplace({result.cell.parameters.momentum, result.cell.batch_size}, result);
  };
  std::for_each(report.cells.begin(), report.cells.end(), insert);
  std::for_each(curve.begin(), curve.end(), insert);
  return groups;
}

/// The number of every momentum of a group, in ascending order.
std::map<double, std::int64_t> series_numbers(const CurveGroup& group) {
  std::map<double, std::int64_t> numbers;
  for (const auto& [position, result] : group) numbers.emplace(std::get<0>(position), numbers.size());
  return numbers;
}

std::vector<TableValue> leading_values(std::int64_t series, const Cell& cell) {
  return {series, cell.rule, cell.sampling, cell.parameters.momentum, integer(cell.batch_size)};
}

/// What batches without noise give: H_B = H at every step, the critical mode is the top eigenvector, and
/// tr(E[H_B³]X)/tr(E[H_B²]X) = λ_max. Needs a threshold that is a positive finite number.
bool is_noise_free(const LinearizedModel& model, const Cell& cell) {
  if (!model.has_samples()) return false;
  const auto law = make_batch_law(cell.sampling);
  if (law->fresh_gaussian_rows()) return false;
  const auto moment = law->second_moment(model.samples().samples, cell.batch_size);
  return moment.p1 == 0 && moment.p2 == 0;
}

/// 2η/η_ef. Where noise dominates every ηλ tends to 0, x follows the gradient with the effective step size η_ef, and
/// 2 = η_ef·(batch sharpness).
double noise_dominated_level(const Cell& cell) { return 2.0 / effective_rate(cell); }

Table threshold_data(const CurveGroup& group) {
  Table table({{"series"},
               {"rule"},
               {"sampling"},
               {"momentum"},
               {"batch"},
               {"weight_decay"},
               {"theory"},
               {"theory_error"},
               {"edge"},
               {"measured"},
               {"measured_lower"},
               {"measured_upper"},
               {"measured_standard_error"}});
  const auto numbers = series_numbers(group);
  for (const auto& [position, result] : group) {
    auto row = leading_values(numbers.at(std::get<0>(position)), result.cell);
    row.insert(row.end(), {result.cell.parameters.weight_decay, positive(result.eta_mean_square),
                           TableValue(result.residual * result.eta_mean_square), positive(result.eta_deterministic)});
    if (std::isfinite(result.measured_eta) && result.measured_eta > 0) {
      row.insert(row.end(), {result.measured_eta, positive(result.measured_lower), positive(result.measured_upper),
                             TableValue(result.measured_standard_error)});
    } else {
      row.insert(row.end(), 4, TableValue());
    }
    table.add_row(row);
  }
  return table;
}

/// No rows when no cell with noise has a critical mode.
Table plateau_data(const LinearizedModel& model, const CurveGroup& group) {
  Table table({{"series"},
               {"rule"},
               {"sampling"},
               {"momentum"},
               {"batch"},
               {"batch_sharpness_times_eta"},
               {"full_batch_level"},
               {"noise_level"}});
  const bool any = std::any_of(group.begin(), group.end(), [&](const auto& entry) {
    return entry.second.batch_sharpness_times_eta && !is_noise_free(model, entry.second.cell);
  });
  if (!any) return table;
  const auto numbers = series_numbers(group);
  for (const auto& [position, result] : group) {
    const double full_batch = result.eta_deterministic * model.lambda_max();
    const double sharpness = result.batch_sharpness_times_eta.value_or(0);
    auto row = leading_values(numbers.at(std::get<0>(position)), result.cell);
    row.insert(row.end(), {positive(sharpness), positive(full_batch), positive(noise_dominated_level(result.cell))});
    table.add_row(row);
  }
  return table;
}

}  // namespace

std::vector<FigureData> verification_figures(const LinearizedModel& model, const VerificationReport& report,
                                             const std::vector<CellResult>& curve) {
  std::vector<FigureData> figures;
  const auto groups = grouped(report, curve);
  for (const auto& [key, group] : groups) {
    const std::string suffix = groups.size() == 1 ? "" : "-" + key.first + "-" + key.second;
    figures.push_back({"thresholds" + suffix, "thresholds", threshold_data(group)});
    Table plateaus = plateau_data(model, group);
    if (!plateaus.rows().empty()) figures.push_back({"plateaus" + suffix, "plateaus", std::move(plateaus)});
  }
  return figures;
}

std::vector<FigureData> bound_figures(const std::vector<ThresholdRow>& rows) {
  std::vector<std::vector<const ThresholdRow*>> groups;
  for (const auto& row : rows) {
    const auto same = [&](const auto& group) {
      const Cell& first = group.front()->cell;
      return first.rule == row.cell.rule && first.sampling == row.cell.sampling &&
             first.parameters.momentum == row.cell.parameters.momentum;
    };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {{}});
    group->push_back(&row);
  }
  std::vector<FigureData> figures;
  for (auto& group : groups) {
    std::stable_sort(group.begin(), group.end(),
                     [](const auto* a, const auto* b) { return a->cell.batch_size < b->cell.batch_size; });
    Table table(
        {{"series"}, {"rule"}, {"sampling"}, {"momentum"}, {"criterion"}, {"status"}, {"batch"}, {"eta"}, {"vacuous"}});
    std::int64_t series = 0;
    for (std::size_t i = 0; i < group.front()->bounds.size(); ++i) {
      const auto has_value = [i](const ThresholdRow* row) { return row->bounds[i].eta.has_value(); };
      if (std::none_of(group.begin(), group.end(), has_value)) continue;
      for (const ThresholdRow* row : group) {
        const Bound& bound = row->bounds[i];
        const Cell& cell = row->cell;
        table.add_row({series, cell.rule, cell.sampling, cell.parameters.momentum, bound.name, to_string(bound.status),
                       integer(cell.batch_size), bound.eta ? positive(*bound.eta) : TableValue(), bound.vacuous});
      }
      ++series;
    }
    const Cell& cell = group.front()->cell;
    const std::string suffix =
        groups.size() == 1 ? "" : "-" + cell.rule + "-" + shortest(cell.parameters.momentum) + "-" + cell.sampling;
    figures.push_back({"bounds" + suffix, "bounds", std::move(table)});
  }
  return figures;
}

std::vector<FigureData> coupling_figures(const Cell& from, double eta, const std::vector<CouplingRow>& rows) {
  std::map<RuleAndSampling, std::map<Position, const CouplingRow*>> groups;
  for (const auto& row : rows) {
    groups[{row.cell.rule, row.cell.sampling}].try_emplace({row.cell.parameters.momentum, row.cell.batch_size}, &row);
  }
  std::vector<FigureData> figures;
  for (const auto& [key, group] : groups) {
    std::vector<Column> columns = {{"series"},        {"rule"},       {"sampling"}, {"momentum"}, {"batch"},
                                   {"from_momentum"}, {"from_batch"}, {"from_eta"}, {"eta"},      {"threshold"}};
    for (const auto& thumb : rows.front().step.thumb) columns.push_back({thumb.name});
    Table table(columns);
    std::map<double, std::int64_t> numbers;
    for (const auto& [position, row] : group) numbers.emplace(std::get<0>(position), numbers.size());
    for (const auto& [position, row] : group) {
      auto values = leading_values(numbers.at(std::get<0>(position)), row->cell);
      values.insert(values.end(), {from.parameters.momentum, integer(from.batch_size), eta, positive(row->step.eta),
                                   positive(row->step.threshold.eta)});
      for (const auto& thumb : row->step.thumb) values.push_back(positive(thumb.eta));
      table.add_row(values);
    }
    const std::string suffix = groups.size() == 1 ? "" : "-" + key.first + "-" + key.second;
    figures.push_back({"coupling" + suffix, "coupling", std::move(table)});
  }
  return figures;
}

}  // namespace brink
