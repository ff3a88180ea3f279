// Every script of plots/ draws small data with gnuplot, silently, with every label.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "brink/base/error.hpp"
#include "brink/report/alignment_report.hpp"
#include "brink/report/atomic_file.hpp"
#include "brink/report/figure_data.hpp"
#include "cli/gnuplot.hpp"
#include "cli/plots.hpp"
#include "plots/visible_text.hpp"
#include "report/examples.hpp"
#include "report/scratch.hpp"

namespace fs = std::filesystem;
using brink::CellResult;
using brink::FigureData;
using brink::InvalidInput;
using brink::read_file;
using brink::RunDirectory;
using brink::test::example_cell;
using brink::test::listing;
using brink::test::message_of;
using brink::test::Scratch;
using brink::test::visible_text;
using namespace brink::cli;

namespace {

CellResult cell(double momentum, brink::Index batch_size, double eta, double edge, double measured = 0) {
  CellResult result;
  result.cell = example_cell(momentum, batch_size);
  result.eta_mean_square = eta;
  result.eta_deterministic = edge;
  result.measured_eta = measured;
  result.measured_lower = measured * 0.9;
  result.measured_upper = measured * 1.1;
  if (eta < edge) result.batch_sharpness_times_eta = 2 - momentum;
  return result;
}

std::vector<CellResult> typical_cells() {
  return {cell(0, 1, 0.1, 1, 0.11),      cell(0, 4, 0.35, 1, 0.33),    cell(0, 3, 1, 1),
          cell(0.5, 1, 0.06, 1.5, 0.05), cell(0.5, 4, 0.3, 1.5),       cell(0.9, 1, 0.01, 1.9, 0.012),
          cell(0.9, 4, 0.05, 1.9, 0.05), cell(0.9, 3, 1.9, 1.9, 1.92), cell(0.9, 2, 0.02, 1.9)};
}

class Run {
 public:
  explicit Run(const std::vector<CellResult>& cells) : run(RunDirectory::create(scratch.path() / "run", "seed = 1\n")) {
    write_figures(run, verification_figures(brink::test::example_model().model, {}, cells));
  }

  Scratch scratch;
  RunDirectory run;
};

}  // namespace

TEST_CASE("the program carries the scripts as they are in plots", "[plots]") {
  const fs::path plots = fs::path(BRINK_SOURCE_DIRECTORY) / "plots";
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(plots)) {
    if (entry.path().extension() != ".gp") continue;
    ++count;
    bool found = false;
    for (const auto& script : plot_scripts()) {
      if (script.name == entry.path().stem().string()) found = script.body == read_file(entry.path());
    }
    CHECK(found);
  }
  CHECK(count == plot_scripts().size());
  CHECK(count >= 2);
}

TEST_CASE("every terminal draws every figure", "[plots]") {
  const Run run(typical_cells());
  CHECK(figure_names(run.run) == std::vector<std::string>{"plateaus", "thresholds"});
  for (const auto& name : figure_names(run.run)) {
    DrawingOptions options;
    options.terminals = figure_terminals();
    const auto files = draw_figure(run.run, name, options);
    CHECK(files.size() == 8);  // epslatex and cairolatex write two
    for (const auto& file : files) {
      CAPTURE(file.string());
      CHECK(fs::file_size(file) > 500);
    }
  }
  CHECK(read_file(run.run.figures() / "thresholds.pdf").rfind("%PDF", 0) == 0);
  CHECK(read_file(run.run.figures() / "thresholds.png").rfind("\x89PNG", 0) == 0);
  CHECK(read_file(run.run.figures() / "thresholds-epslatex.tex").find("{thresholds-epslatex}") != std::string::npos);
  CHECK(listing(run.run.figures()).find("partial") == std::string::npos);
}

TEST_CASE("every curve and line is labelled", "[plots]") {
  const Run run(typical_cells());
  DrawingOptions options;
  options.terminals = {"svg"};
  for (const auto& name : figure_names(run.run)) (void)draw_figure(run.run, name, options);
  const auto thresholds = visible_text(run.run.figures() / "thresholds.svg");
  for (const char* label : {"β=0", "β=0.5", "β=0.9", "theory", "simulation", "2(1+β)/λmax", "batchsizeB", "stepsizeη",
                            "heavyball,withoutreplacement"}) {
    CAPTURE(label, thresholds);
    CHECK(thresholds.find(label) != std::string::npos);
  }
  const auto plateaus = visible_text(run.run.figures() / "plateaus.svg");
  for (const char* label : {"β=0.5", "β=0.9", "criticalmode", "2(1+β)", "2(1−β)", "batchsizeB", "η×batchsharpness"}) {
    CAPTURE(label, plateaus);
    CHECK(plateaus.find(label) != std::string::npos);
  }
}

TEST_CASE("conditions and couplings draw on every terminal, with their labels", "[plots]") {
  std::vector<brink::ThresholdRow> rows;
  std::vector<brink::CouplingRow> couplings;
  for (const brink::Index b : {1, 4, 16}) {
    const auto x = static_cast<double>(b);
    brink::ThresholdRow row;
    row.cell = example_cell(0.9, b);
    row.bounds = {{"noise-kernel", 0.1 * x, 1e-14, brink::BoundStatus::exact, false, "", "", {}},
                  {"trace", 0.3 * x, 1e-14, brink::BoundStatus::necessary, true, "", "", {}},
                  {"wu-ma-e", 0.05 * x, 1e-14, brink::BoundStatus::sufficient, false, "", "", {}},
                  {"coherence", std::nullopt, 0, brink::BoundStatus::not_applicable, false, "no", "", {}},
                  {"of_ones_own", 0.2 * x, 1e-14, brink::BoundStatus::neither, false, "", "", {}}};
    rows.push_back(row);
    brink::CouplingRow coupling;
    coupling.cell = row.cell;
    coupling.step.eta = 0.01 * x;
    coupling.step.threshold.eta = 0.1 * x;
    coupling.step.thumb = {{"linear", 0.02 * x}, {"square-root", 0.01}, {"effective-rate", 0.02}};
    couplings.push_back(coupling);
  }
  const Scratch scratch;
  auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
  write_figures(run, brink::bound_figures(rows));
  write_figures(run, brink::coupling_figures(example_cell(0.9, 4), 0.04, couplings));
  DrawingOptions options;
  options.terminals = figure_terminals();
  for (const char* name : {"bounds", "coupling"}) CHECK(draw_figure(run, name, options).size() == 8);
  const auto bounds = visible_text(run.figures() / "bounds.svg");
  for (const char* label : {"exact", "trace", "Wu–Ma–E", "of_ones_own", "necessary", "sufficient", "neither"}) {
    CAPTURE(label, bounds);
    CHECK(bounds.find(label) != std::string::npos);
  }
  CHECK(bounds.find("coherence") == std::string::npos);
  const auto coupling = visible_text(run.figures() / "coupling.svg");
  for (const char* label : {"samemargin", "threshold", "linear", "squareroot", "effectiverate", "β=0.9"}) {
    CAPTURE(label, coupling);
    CHECK(coupling.find(label) != std::string::npos);
  }
}

TEST_CASE("alignment and escape draw on every terminal, with their labels", "[plots]") {
  std::vector<brink::AlignmentRow> rows;
  for (const brink::Index b : {4, 1}) {
    brink::AlignmentRow row;
    row.cell = example_cell(0, b);
    row.cell.rule = "sgd";
    row.threshold.eta = 0.5;
    row.critical = brink::LossAlignment{0.8, 0.7, 0.8 / 0.7, 0};
    row.bound.eta = b == 1 ? std::optional<double>(1.2) : std::nullopt;
    for (const double eta : {0.7, 0.2}) {
      brink::EscapeRow escape;
      escape.eta = eta;
      escape.exact.log_growth = 2 * eta - 1;
      escape.measured.log_growth.value = 2 * eta - 0.99;
      escape.measured.log_growth.error = 0.02;
      escape.measured.degrees_of_freedom = 31;
      escape.trajectory.emplace();
      for (int i = 0; i < 300; ++i)
        escape.trajectory->curve.push_back({1 + std::sin(i), 0.5 + 0.2 * std::sin(i), 2, 0});
      row.escape.push_back(escape);
    }
    rows.push_back(row);
  }
  const auto figures = brink::alignment_figures(rows);
  REQUIRE(figures.size() == 3);
  CHECK(figures[0].data.rows().size() == 200);
  const Scratch scratch;
  auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
  write_figures(run, figures);
  DrawingOptions options;
  options.terminals = figure_terminals();
  for (const auto& figure : figures) CHECK(draw_figure(run, figure.name, options).size() == 8);
  const auto alignment = visible_text(run.figures() / (figures[0].name + ".svg"));
  for (const char* label : {"μ", "direction", "magnitude", "atthecriticalmode", "SGD,withoutreplacement", "step"}) {
    CAPTURE(label, alignment);
    CHECK(alignment.find(label) != std::string::npos);
  }
  const auto escape = visible_text(run.figures() / "escape.svg");
  for (const char* label : {"exact", "simulation", "bound", "B=1", "B=4", "stepsizeη", "growthofthelossperstep"}) {
    CAPTURE(label, escape);
    CHECK(escape.find(label) != std::string::npos);
  }
  // Neither threshold nor bound nor critical mode.
  rows.resize(1);
  rows[0].threshold.eta = 0;
  rows[0].critical.reset();
  rows[0].escape.resize(1);
  auto bare = RunDirectory::create(scratch.path() / "bare", "seed = 1\n");
  write_figures(bare, brink::alignment_figures(rows));
  options.terminals = {"svg"};
  for (const char* name : {"alignment", "escape"}) CHECK_NOTHROW(draw_figure(bare, name, options));
}

TEST_CASE("a plain gnuplot redraws a figure from its own directory", "[plots]") {
  const Run run(typical_cells());
  const auto command = "cd '" + run.run.figures().string() + "' && gnuplot thresholds.gp > log 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(read_file(run.run.figures() / "log").empty());
  CHECK(fs::file_size(run.run.figures() / "thresholds.pdf") > 500);
}

TEST_CASE("unusual data draws silently too", "[plots]") {
  std::vector<std::vector<CellResult>> sets;
  sets.push_back({cell(0.9, 2, 0.05, 1.9, 0.05)});  // one point
  sets.push_back({cell(0.9, 2, 0.05, 0, 0)});       // neither edge nor measurement
  sets.push_back({cell(0.9, 2, 0, 0, 0)});          // nothing at all
  sets.push_back({cell(0.9, 1, 1e-9, 1e-3, 1.1e-9), cell(0.9, 2, 1e-7, 1e-3), cell(0.9, 100000, 1e-4, 1e-3)});
  sets.push_back({cell(-0.5, 1, 3e7, 1e8, 3e7), cell(-0.5, 2, 4e7, 1e8, 4e7)});
  std::vector<CellResult> many;
  for (int i = 0; i < 9; ++i) {
    for (brink::Index b = 1; b <= 12; ++b) many.push_back(cell(0.1 * i, b, 0.1 * static_cast<double>(b), 2, 0.1));
  }
  sets.push_back(many);
  for (const char* rule : {"sgd", "nesterov", "ema", "qhm", "dampened"}) {
    auto odd = cell(std::string(rule) == "sgd" ? 0 : 0.9, 1, 0.1, 1, 0.1);
    odd.cell.rule = rule;
    sets.push_back({odd});
  }
  DrawingOptions options;
  options.terminals = {"svg", "cairolatex"};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    CAPTURE(i);
    const Run run(sets[i]);
    for (const auto& name : figure_names(run.run)) CHECK_NOTHROW(draw_figure(run.run, name, options));
  }
}

TEST_CASE("a complaint of gnuplot is an error and keeps the old figure", "[plots]") {
  Run run(typical_cells());
  DrawingOptions options;
  options.terminals = {"svg"};
  (void)draw_figure(run.run, "thresholds", options);
  const auto before = read_file(run.run.figures() / "thresholds.svg");

  run.run.write("figures/thresholds.gp", "set output output\nset title\nplot 'nothing.csv'\n");
  auto message = message_of<InvalidInput>([&] { (void)draw_figure(run.run, "thresholds", options); });
  CHECK(message.find("nothing.csv") != std::string::npos);
  run.run.write("figures/thresholds.gp", "print 'careful'\nset term svg\nset output output\nplot x\n");
  message = message_of<InvalidInput>([&] { (void)draw_figure(run.run, "thresholds", options); });
  CHECK(message.find("careful") != std::string::npos);
  run.run.write("figures/thresholds.gp", "x = 1\n");
  message = message_of<InvalidInput>([&] { (void)draw_figure(run.run, "thresholds", options); });
  CHECK(message.find("wrote nothing") != std::string::npos);
  run.run.write("figures/thresholds.gp", "set print output\n");
  message = message_of<InvalidInput>([&] { (void)draw_figure(run.run, "thresholds", options); });
  CHECK(message.find("not empty") != std::string::npos);
  CHECK(read_file(run.run.figures() / "thresholds.svg") == before);
  CHECK(listing(run.run.figures()).find("partial") == std::string::npos);
}

TEST_CASE("wrong names are refused with the right ones", "[plots]") {
  const Run run(typical_cells());
  DrawingOptions options;
  options.terminals = {"jpeg"};
  CHECK(message_of<InvalidInput>([&] { (void)draw_figure(run.run, "thresholds", options); }).find("svg") !=
        std::string::npos);
  options.terminals = {"svg"};
  CHECK(message_of<InvalidInput>([&] { (void)draw_figure(run.run, "spectrum", options); }).find("thresholds") !=
        std::string::npos);
  options.width = 3;
  CHECK_THROWS_AS(draw_figure(run.run, "thresholds", options), InvalidInput);
}

TEST_CASE("without gnuplot the message names its package and the script is there", "[plots]") {
  const Run run(typical_cells());
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  CHECK_FALSE(has_gnuplot());
  const auto message = message_of<InvalidInput>([&] { (void)draw_figure(run.run, "thresholds"); });
  ::setenv("PATH", path.c_str(), 1);
  CHECK(message.find("gnuplot-nox") != std::string::npos);
  CHECK(message.find("thresholds.gp") != std::string::npos);
  CHECK(has_gnuplot());
}
