#include "brink/report/training_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "json_parts.hpp"
#include "table_values.hpp"

namespace brink {

using namespace json_parts;
using namespace table_values;

namespace {

constexpr std::size_t kStep = 0;
constexpr std::size_t kEta = 1;
constexpr std::size_t kBatch = 3;
constexpr std::size_t kLoss = 4;
constexpr std::size_t kGradientNorm = 5;
constexpr std::size_t kFigureRecords = 2000;

Json model_of(const TrainingReport& report) {
  return {{"kind", report.kind},
          {"samples", report.samples},
          {"outputs", report.outputs},
          {"parameters", report.parameters},
          {"loss_convention", kLossConvention}};
}

Json certificate_json(const Minimum& minimum) {
  const MinimumCertificate& c = minimum.certificate;
  Json json;
  json["converged"] = minimum.converged;
  json["is_minimum"] = c.is_minimum;
  json["interpolates"] = c.interpolates;
  json["method"] = minimum.method;
  json["iterations"] = minimum.iterations;
  json["products"] = minimum.products;
  put_number(json, "loss", c.loss);
  put_number(json, "gradient_norm", c.gradient_norm);
  put_number(json, "gradient_scale", c.gradient_scale);
  put_number(json, "sample_gradient", c.sample_gradient);
  put_number(json, "lambda_max", c.lambda_max);
  put_number(json, "lambda_max_residual", c.lambda_max_residual);
  put_number(json, "smallest_eigenvalue", c.smallest_eigenvalue);
  put_number(json, "smallest_eigenvalue_residual", c.smallest_eigenvalue_residual);
  json["eigenvalue_method"] = c.eigenvalue_method;
  if (c.rank) {
    put_number(json, "smallest_on_range", c.smallest_on_range.value_or(0));
    json["rank"] = *c.rank;
    put_number(json, "rank_cut", c.rank_cut);
  } else {
    put_null(json, "smallest_on_range", "not computed",
             "both the Hessian and the Gram matrix are too large to be decomposed");
    json["rank"] = nullptr;
  }
  json["advice"] = minimum.advice;
  return json;
}

Json linearization_json(const Linearization& linearization) {
  const bool gram = linearization.gram.size() > 0;
  Json json;
  json["file"] = gram ? "gram.npy" : "J.npy";
  json["outputs"] = linearization.outputs;
  json["rows"] = gram ? linearization.gram.rows() : linearization.rows.rows();
  if (linearization.gradient_noise.size() > 0) json["gradient_noise_file"] = "gradient_noise.npy";
  return json;
}

/// The records a figure shows.
std::vector<std::size_t> shown_records(const TrainingReport& report) {
  std::vector<std::size_t> shown;
  const std::size_t count = report.records.size();
  const std::size_t stretch = std::max<std::size_t>(1, 2 * count / kFigureRecords);
  std::set<std::size_t> chosen = {count - 1};
  for (std::size_t begin = 0; begin < count; begin += stretch) {
    const auto less = [](const TrainingRecord& a, const TrainingRecord& b) { return a[kLoss] < b[kLoss]; };
    const auto first = report.records.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = report.records.begin() + static_cast<std::ptrdiff_t>(std::min(begin + stretch, count));
    chosen.insert(static_cast<std::size_t>(std::min_element(first, last, less) - report.records.begin()));
    chosen.insert(static_cast<std::size_t>(std::max_element(first, last, less) - report.records.begin()));
  }
  return {chosen.begin(), chosen.end()};
}

}  // namespace

std::string training_json(const TrainingReport& report) {
  Json json;
  json["schema"] = "brink.train/1";
  json["model"] = model_of(report);
  json["rule"] = report.plan.rule;
  json["momentum"] = report.plan.parameters.momentum;
  json["sampling"] = report.plan.batch.sampling;
  json["batch"] = report.plan.batch.size;
  json["eta"] = report.plan.eta;
  json["precision"] = report.precision;
  json["status"] = to_string(report.status);
  json["reason"] = report.reason;
  json["steps"] = report.steps;
  // A run that diverges before its first record has none.
  for (const auto& [key, column] : {std::pair{"loss", kLoss}, std::pair{"gradient_norm", kGradientNorm}}) {
    json[key] = nullptr;
    if (!report.records.empty()) json[key] = report.records.back()[column];
  }
  json["recorded_step"] = report.records.empty() ? Json() : Json(static_cast<Index>(report.records.back()[kStep]));
  json["interventions"] = Json::array();
  for (std::size_t i = 0; i < report.interventions.size(); ++i) {
    Json each{{"text", report.interventions[i]}};
    each["step"] = report.fired_at[i] >= 0 ? Json(report.fired_at[i]) : Json();
    json["interventions"].push_back(std::move(each));
  }
  if (report.minimum) json["minimum"] = certificate_json(*report.minimum);
  if (report.linearization) json["linearization"] = linearization_json(*report.linearization);
  return written(json);
}

Table record_table(const TrainingReport& report) {
  std::vector<Column> columns;
  for (const auto& name : report.names) columns.push_back({name});
  Table table(std::move(columns));
  for (const auto& record : report.records) {
    std::vector<TableValue> row(record.begin(), record.end());
    row[kStep] = static_cast<std::int64_t>(record[kStep]);
    row[kBatch] = static_cast<std::int64_t>(record[kBatch]);
    table.add_row(std::move(row));
  }
  return table;
}

Table training_summary_table(const TrainingReport& report) {
  Table table({{"status"},
               {"steps"},
               {"loss"},
               {"gradient_norm"},
               {"minimum"},
               {"minimum_loss"},
               {"minimum_gradient_norm"},
               {"lambda_max"},
               {"smallest_eigenvalue"},
               {"interpolates"}});
  std::vector<TableValue> row(10);
  row[0] = std::string(to_string(report.status));
  row[1] = static_cast<std::int64_t>(report.steps);
  if (!report.records.empty()) {
    row[2] = report.records.back()[kLoss];
    row[3] = report.records.back()[kGradientNorm];
  }
  if (report.minimum) {
    const auto& c = report.minimum->certificate;
    row[4] = std::string(report.minimum->converged && c.is_minimum ? "reached" : "not reached");
    row[5] = c.loss;
    row[6] = c.gradient_norm;
    row[7] = c.lambda_max;
    row[8] = c.smallest_eigenvalue;
    row[9] = c.interpolates;
  }
  table.add_row(std::move(row));
  return table;
}

std::vector<FigureData> training_figures(const TrainingReport& report) {
  const bool drawable = std::any_of(report.records.begin(), report.records.end(),
                                    [](const auto& record) { return record[kLoss] > 0 && record[kStep] > 0; });
  if (!drawable) return {};
  Table table({{"step"}, {"loss"}, {"gradient_norm"}, {"eta"}, {"change"}});
  for (const std::size_t i : shown_records(report)) {
    const auto& record = report.records[i];
    table.add_row({static_cast<std::int64_t>(record[kStep]),
                   positive(record[kLoss]),
                   positive(record[kGradientNorm]),
                   record[kEta],
                   {}});
  }
  for (std::size_t i = 0; i < report.interventions.size(); ++i) {
    if (report.fired_at[i] < 0) continue;
    const auto& text = report.interventions[i];
    const auto begin = text.find_first_not_of(' ', text.find(':') + 1);
    std::string change = text.substr(begin);
    std::replace(change.begin(), change.end(), ',', ';');  // gnuplot ends a text of a CSV at a comma, quoted or not
    table.add_row({static_cast<std::int64_t>(report.fired_at[i]), {}, {}, {}, std::move(change)});
  }
  return {{"training", "training", std::move(table)}};
}

}  // namespace brink
