#include "brink/report/model_figures.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "brink/optimizer/update_rule.hpp"
#include "table_values.hpp"

namespace brink {

using namespace table_values;

namespace {

using Rows = std::vector<const ThresholdRow*>;

/// Rows of one rule and sampling (and momentum), in the order in which they come.
std::vector<Rows> groups(const std::vector<ThresholdRow>& rows, bool by_momentum) {
  std::vector<Rows> result;
  for (const auto& row : rows) {
    const auto same = [&](const Rows& group) {
      const Cell& first = group.front()->cell;
      return first.rule == row.cell.rule && first.sampling == row.cell.sampling &&
             (!by_momentum || first.parameters.momentum == row.cell.parameters.momentum);
    };
    auto group = std::find_if(result.begin(), result.end(), same);
    if (group == result.end()) group = result.insert(result.end(), Rows());
    group->push_back(&row);
  }
  return result;
}

std::string suffix_of(const Cell& cell, std::size_t groups, bool by_momentum) {
  if (groups == 1) return {};
  return "-" + cell.rule + (by_momentum ? "-" + shortest(cell.parameters.momentum) : "") + "-" + cell.sampling;
}

/// The distinct values of a key, ascending: their places number the series.
std::vector<double> distinct(const Rows& rows, const std::function<double(const ThresholdRow&)>& key) {
  std::vector<double> values;
  for (const auto* row : rows) values.push_back(key(*row));
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}
std::int64_t place(const std::vector<double>& values, double value) {
  return std::lower_bound(values.begin(), values.end(), value) - values.begin();
}

void sort_by_batch(Rows& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return std::pair(a->cell.parameters.momentum, a->cell.batch_size) <
           std::pair(b->cell.parameters.momentum, b->cell.batch_size);
  });
}

Table effective_rates(const Rows& rows) {
  Table table({{"series"}, {"rule"}, {"sampling"}, {"momentum"}, {"batch"}, {"effective_eta"}});
  const auto momenta = distinct(rows, [](const ThresholdRow& row) { return row.cell.parameters.momentum; });
  for (const auto* row : rows) {
    if (!(row->threshold.eta > 0)) continue;
    const Cell& cell = row->cell;
    table.add_row({place(momenta, cell.parameters.momentum), cell.rule, cell.sampling, cell.parameters.momentum,
                   integer(cell.batch_size), positive(row->threshold.eta * effective_rate(cell))});
  }
  return table;
}

Table critical_modes(const LinearizedModel& model, const Rows& rows) {
  Table table({{"series"}, {"rule"}, {"sampling"}, {"momentum"}, {"batch"}, {"curvature"}, {"share"}});
  Rows with_mode;
  for (const auto* row : rows)
    if (row->critical_shares.size() == model.rank()) with_mode.push_back(row);
  const auto batches =
      distinct(with_mode, [](const ThresholdRow& row) { return static_cast<double>(row.cell.batch_size); });
  for (const auto* row : with_mode) {
    const Cell& cell = row->cell;
    for (Index i = 0; i < model.rank(); ++i)
      table.add_row({place(batches, static_cast<double>(cell.batch_size)), cell.rule, cell.sampling,
                     cell.parameters.momentum, integer(cell.batch_size), positive(model.spectrum()[i]),
                     positive(row->critical_shares[i])});
  }
  return table;
}

Table spectrum(const LinearizedModel& model) {
  Table table({{"index"}, {"eigenvalue"}});
  for (Index i = 0; i < model.rank(); ++i) table.add_row({static_cast<std::int64_t>(i + 1), model.spectrum()[i]});
  return table;
}

}  // namespace

double effective_rate(const Cell& cell) {
  const Filter filter = make_update_rule(cell.rule, cell.parameters)->filter(1.0);
  // Repeated squaring: A₀ᵗ with t = 2⁶⁰, whose modes other than the eigenvalue 1 of x itself have died out.
  Matrix power = filter.a0;
  for (int i = 0; i < 60; ++i) power = (power * power).eval();
  return std::abs((power * filter.b)[0]);
}

std::vector<FigureData> threshold_figures(const LinearizedModel& model, const std::vector<ThresholdRow>& rows) {
  std::vector<CellResult> cells;
  for (const auto& row : rows) {
    CellResult cell;
    cell.cell = row.cell;
    cell.eta_mean_square = row.threshold.eta;
    cell.residual = row.threshold.residual;
    cell.eta_deterministic = row.threshold.eta_deterministic;
    cell.batch_sharpness_times_eta = row.batch_sharpness_in_times_eta;
    cells.push_back(std::move(cell));
  }
  std::vector<FigureData> figures = verification_figures(model, {}, cells);
  const auto add = [&figures](std::string name, const char* script, Table data) {
    if (!data.rows().empty()) figures.push_back({std::move(name), script, std::move(data)});
  };
  auto by_rule = groups(rows, false);
  for (Rows& group : by_rule) {
    sort_by_batch(group);
    add("effective-rate" + suffix_of(group.front()->cell, by_rule.size(), false), "effective-rate",
        effective_rates(group));
  }
  auto by_momentum = groups(rows, true);
  for (Rows& group : by_momentum) {
    sort_by_batch(group);
    add("critical-mode" + suffix_of(group.front()->cell, by_momentum.size(), true), "critical-mode",
        critical_modes(model, group));
  }
  add("spectrum", "spectrum", spectrum(model));
  return figures;
}

}  // namespace brink
