#include "analysis/training_runs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "brink/curvature/curvature_probes.hpp"
#include "brink/network/models.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/training/training.hpp"

namespace brink::analysis {
namespace {

constexpr std::size_t kFixedColumns = 3;

std::vector<std::string> columns_of(const RunSetting& setting) {
  std::vector<std::string> columns = {"step", "loss", "gradient_norm"};
  columns.insert(columns.end(), setting.probes.begin(), setting.probes.end());
  return columns;
}

}  // namespace

std::size_t Trace::column(const std::string& name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) throw InvalidInput("trace: no column " + name);
  return static_cast<std::size_t>(found - columns.begin());
}

std::vector<double> Trace::values(const std::string& name) const {
  const std::size_t c = column(name);
  std::vector<double> result;
  for (const auto& row : rows) result.push_back(row[c]);
  return result;
}

double Trace::late_mean(const std::string& name, double share) const {
  const std::size_t c = column(name);
  if (diverged || rows.empty()) return std::nan("");
  const auto from = static_cast<std::size_t>(std::floor((1 - share) * static_cast<double>(rows.size())));
  double sum = 0;
  for (std::size_t i = from; i < rows.size(); ++i) sum += rows[i][c];
  return sum / static_cast<double>(rows.size() - from);
}

double Trace::largest(const std::string& name, double from, double to) const {
  const std::size_t c = column(name);
  double result = std::nan("");
  for (const auto& row : rows) {
    if (row[0] >= from && row[0] <= to) result = std::isnan(result) ? row[c] : std::max(result, row[c]);
  }
  return result;
}

bool is_plateau(const Trace& trace, const std::string& column) {
  if (trace.diverged || trace.rows.size() < 20) return false;
  const double trained = trace.late_mean("loss", 0.2) / trace.rows.front()[trace.column("loss")];
  const auto values = trace.values(column);
  const auto fifth = static_cast<std::ptrdiff_t>(values.size() / 5);
  const double late = std::accumulate(values.end() - fifth, values.end(), 0.0);
  const double before = std::accumulate(values.end() - 2 * fifth, values.end() - fifth, 0.0);
  return trained < 0.8 && std::abs(late / before - 1) < 0.1;
}

std::vector<double> train_run(const Task& task, const RunSetting& setting, const Monitor& monitor, Vector* theta,
                              const Vector* start) {
  const auto objective = task.single();
  TrainingPlan plan;
  plan.rule = setting.rule;
  plan.parameters.momentum = setting.momentum;
  plan.eta = setting.eta;
  plan.batch = {"without-replacement", setting.batch == 0 ? objective->samples() : setting.batch, {}};
  plan.gradient.noise_factor = setting.noise_factor;
  plan.steps = setting.steps;
  plan.record_every = setting.record_every;
  plan.interventions = setting.interventions;
  plan.stop = setting.stop;
  plan.seed = setting.seed;
  plan.diverged_above = 1e6;

  CurvatureProbeSettings settings;
  settings.names = setting.probes;
  settings.batches.law = make_batch_law(plan.batch.sampling);
  settings.batches.batch_size = plan.batch.size;
  settings.batches.relative_error = setting.probe_error;
  settings.batches.seed = plan.seed;
  const auto filters = update_rule_names();
  if (std::find(filters.begin(), filters.end(), plan.rule) != filters.end())
    settings.rule = make_update_rule(plan.rule, plan.parameters);
  settings.eta = plan.eta;
  const CurvatureProbes<float> curvature(*objective, settings);
  // All columns of a point are measured at once; every column but its error is one probe.
  Index measured_at = -1;
  std::vector<double> measured;
  std::vector<Probe<float>> probes;
  for (std::size_t i = 0; i < setting.probes.size(); ++i) {
    probes.push_back({setting.probes[i], [&, i](Index step, const RuleState<float>& state) {
                        if (measured_at != step) {
                          measured = curvature.measure(step, state.theta, &state.buffers);
                          measured_at = step;
                        }
                        return measured[2 * i];
                      }});
  }
  const Vector initial =
      start != nullptr ? *start
                       : initial_parameters(task.network, setting.initialization, setting.initial_scale, setting.seed);
  auto state = start_training<float>(*objective, plan, initial.cast<float>());
  TrainingSurroundings<float> surroundings;
  surroundings.monitor = monitor;
  train<float>(*objective, plan, probes, state, surroundings);
  if (theta != nullptr) *theta = state.rule.theta.cast<double>();

  const auto names = record_names(setting.probes);
  const auto place = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  std::vector<double> values = {state.status == TrainingStatus::diverged ? 1.0 : 0.0};
  for (const auto& record : state.records) {
    for (const auto& column : columns_of(setting)) values.push_back(record[place(column)]);
  }
  return values;
}

Trace trace_of(const std::vector<double>& values, const RunSetting& setting) {
  Trace trace;
  trace.columns = columns_of(setting);
  if (values.empty()) return trace;
  trace.diverged = values.front() != 0;
  const std::size_t width = kFixedColumns + setting.probes.size();
  for (std::size_t i = 1; i + width <= values.size(); i += width)
    trace.rows.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(i),
                            values.begin() + static_cast<std::ptrdiff_t>(i + width));
  return trace;
}

std::vector<CurvePoint> curve_of(const Trace& trace, const std::string& column, double factor) {
  std::vector<CurvePoint> points;
  const std::size_t c = trace.column(column);
  for (const auto& row : trace.rows) points.push_back({row[0], factor * row[c]});
  return points;
}

}  // namespace brink::analysis
