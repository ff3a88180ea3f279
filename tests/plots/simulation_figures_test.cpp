// The figures of brink simulate: their data, and that every terminal draws them silently, with their labels.

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/report/atomic_file.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/report/simulation_figures.hpp"
#include "cli/gnuplot.hpp"
#include "plots/visible_text.hpp"
#include "report/examples.hpp"
#include "report/scratch.hpp"

using namespace brink;
using namespace brink::cli;
using brink::test::visible_text;

namespace {

SimulationRow base(const std::string& method) {
  SimulationRow row;
  row.cell = test::example_cell(0.9, 2);
  row.eta = 0.65;
  row.method = method;
  return row;
}

SimulationRow escape_row() {
  SimulationRow row = base("escape");
  const std::vector<Index> times = {3, 5, 5, 9, 0, 0, 12, 17};
  row.escape = EscapeResult{100, summarize_escape(times, 20), escape_survival(times, 20),
                            Estimate{0.5, 1e-9, ErrorKind::residual, "exact", {}}};
  return row;
}

SimulationRow tail_row() {
  SimulationRow row = base("tail");
  TailResult tail;
  tail.fit = {1.2, {1.1, 1.3}, 0.95, 256, 0.01, {}};
  tail.fit.plot = {{64, 9, 1.4, 0.1, {0.9, std::numeric_limits<double>::infinity()}}, {256, 4, 1.2, 0.03, {1.1, 1.3}}};
  tail.exact = Estimate{1.21, 1e-9, ErrorKind::residual, "exact", {}};
  row.tail = tail;
  return row;
}

SimulationRow horizon_row() {
  SimulationRow row = base("horizon");
  HorizonResult horizon;
  horizon.curve.runs = 8;
  horizon.curve.replicas = 100;
  horizon.curve.horizon = 11;
  for (const Index steps : {1, 10, 100}) {
    const double at = 0.3 - 0.004 * static_cast<double>(steps);
    horizon.curve.points.push_back({steps, at, {at - 0.02, at + 0.02}, 0.3, {0.29, 0.31}});
  }
  horizon.exact_log_growth = Estimate{0.3, 1e-9, ErrorKind::residual, "exact", {}};
  row.horizon = horizon;
  return row;
}

SimulationRow trajectories_row() {
  SimulationRow row = base("trajectories");
  TrajectoryResult result;
  result.confidence = 0.9;
  for (const Index step : {0, 10, 20}) {
    const double mean = std::exp(0.1 * static_cast<double>(step));
    result.points.push_back({step, mean, 0.1 * mean, 1 / mean, 0, 2 * mean});  // a loss of zero below
    result.exact.push_back(1.1 * mean);
  }
  row.trajectories = result;
  return row;
}

SimulationRow mixing_row(bool has_exact) {
  SimulationRow row = base("mixing");
  MixingResult result;
  result.measured.curve = {{0, 1, 0}, {1, 0.6, 0.02}, {2, 0.4, 0.03}, {3, -0.01, 0.03}};
  if (has_exact) result.exact_rate = Estimate{0.5, 1e-9, ErrorKind::residual, "exact", {}};
  if (!has_exact) result.measured.no_decay = result.reason = "no reason";
  if (has_exact) result.measured.decay = DecayRate{0.41, 0.05, 1, 2};
  row.mixing = result;
  return row;
}

std::vector<SimulationRow> control_rows() {
  std::vector<SimulationRow> rows;
  for (const double eta : {0.4, 0.5, 0.6}) {
    for (const char* control : {"none", "frozen", "cyclic"}) {
      SimulationRow row = base("cloning");
      row.eta = eta;
      row.control = control;
      row.growth.emplace();
      row.growth->log_growth = {eta - 0.5, 0.02, ErrorKind::standard_error, "cloning", {}};
      if (row.control == "none") row.exact_log_growth = Estimate{eta - 0.5, 1e-9, ErrorKind::residual, "exact", {}};
      rows.push_back(row);
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("figures of a simulation have their data", "[plots][fast]") {
  const auto figures = simulation_figures({escape_row(), escape_row(), tail_row(), horizon_row()});
  REQUIRE(figures.size() == 3);
  CHECK(figures[0].name == "survival");
  CHECK(figures[1].name == "hill-3");
  CHECK(figures[2].name == "horizon-4");
  // Start, two rows a time of six escapes at five times, the horizon; twice.
  CHECK(figures[0].data.rows().size() == 2 * (1 + 2 * 5 + 1));
  for (const auto& figure : figures) CHECK(to_csv(figure.data).find("inf") == std::string::npos);
  CHECK(simulation_figures(test::example_simulation()).empty());
  // Results write the same rows without a number that is not one.
  const std::vector<SimulationRow> rows = {escape_row(),       tail_row(),       horizon_row(),
                                           trajectories_row(), mixing_row(true), mixing_row(false)};
  const std::string json = simulation_json(test::example_model(), rows);
  CHECK(json.find("\"survival\"") != std::string::npos);
  CHECK(json.find("\"alpha_exact\": 1.21") != std::string::npos);
  CHECK(json.find("inf,") == std::string::npos);
  for (const auto& row : rows) CHECK(simulation_table({row}).rows().size() == 1);
}

TEST_CASE("controls are one figure where there are several, at several step sizes", "[plots][fast]") {
  const auto figures = simulation_figures(control_rows());
  REQUIRE(figures.size() == 1);
  CHECK(figures[0].name == "controls");
  CHECK(figures[0].data.rows().size() == 9);
  auto one_step_size = control_rows();
  one_step_size.resize(3);
  CHECK(simulation_figures(one_step_size).empty());
  const std::string json = simulation_json(test::example_model(), control_rows());
  CHECK(json.find("\"log_growth_exact\"") != std::string::npos);
}

TEST_CASE("trajectories, mixing and controls draw on every terminal, with their labels", "[plots]") {
  const test::Scratch scratch;
  auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
  write_figures(run, simulation_figures({trajectories_row()}));
  write_figures(run, simulation_figures({mixing_row(true), mixing_row(false)}));
  write_figures(run, simulation_figures(control_rows()));
  DrawingOptions options;
  options.terminals = figure_terminals();
  for (const char* name : {"trajectories", "mixing", "controls"}) CHECK(draw_figure(run, name, options).size() == 8);
  const auto has = [&](const char* figure, const char* label) {
    const auto text = visible_text(run.figures() / (std::string(figure) + ".svg"));
    CAPTURE(figure, label, text);
    CHECK(text.find(label) != std::string::npos);
  };
  for (const char* label : {"90%ofthereplicas", "median", "mean,95%", "exactmean", "step"}) has("trajectories", label);
  for (const char* label : {"95%band", "exactdecay", "η=0.65", "lag(steps)"}) has("mixing", label);
  for (const char* label : {"mini-batches", "frozennoise", "cyclicbatches", "exact,", "stepsizeη"})
    has("controls", label);
}

TEST_CASE("survival, Hill plot and horizon draw on every terminal, with their labels", "[plots]") {
  const test::Scratch scratch;
  auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
  write_figures(run, simulation_figures({escape_row()}));
  write_figures(run, simulation_figures({tail_row()}));
  write_figures(run, simulation_figures({horizon_row()}));
  DrawingOptions options;
  options.terminals = figure_terminals();
  for (const char* name : {"survival", "hill", "horizon"}) CHECK(draw_figure(run, name, options).size() == 8);
  const auto has = [&](const char* figure, const char* label) {
    const auto text = visible_text(run.figures() / (std::string(figure) + ".svg"));
    CAPTURE(figure, label, text);
    CHECK(text.find(label) != std::string::npos);
  };
  for (const char* label : {"95%band", "exponential", "meanpasses", "step", "notescaped"}) has("survival", label);
  for (const char* label : {"Hill,95%band", "estimate", "exact", "tailindex"}) has("hill", label);
  for (const char* label : {"cloning", "plainaverage", "exact", "horizon"}) has("horizon", label);
}
