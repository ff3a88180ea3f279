// The figures of brink simulate: their data, and that every terminal draws them silently, with their labels.

#include <catch2/catch.hpp>
#include <limits>
#include <regex>

#include "brink/report/atomic_file.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/report/simulation_figures.hpp"
#include "cli/gnuplot.hpp"
#include "report/examples.hpp"
#include "report/scratch.hpp"

using namespace brink;
using namespace brink::cli;

namespace {

std::string visible_text(const std::filesystem::path& svg) {
  return std::regex_replace(read_file(svg), std::regex("<[^>]*>|\\s|\u200b"), "");
}

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
  const std::vector<SimulationRow> rows = {escape_row(), tail_row(), horizon_row()};
  const std::string json = simulation_json(test::example_model(), rows);
  CHECK(json.find("\"survival\"") != std::string::npos);
  CHECK(json.find("\"alpha_exact\": 1.21") != std::string::npos);
  CHECK(json.find("inf,") == std::string::npos);
  for (const auto& row : rows) CHECK(simulation_table({row}).rows().size() == 1);
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
