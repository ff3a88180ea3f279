// The figures of `brink threshold --figures`: their numbers, and that they draw silently with every label.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/report/atomic_file.hpp"
#include "brink/report/model_figures.hpp"
#include "cli/gnuplot.hpp"
#include "plots/visible_text.hpp"
#include "report/examples.hpp"
#include "report/scratch.hpp"

using brink::test::example_cell;
using brink::test::Scratch;
using brink::test::visible_text;
using namespace brink::cli;

namespace {

std::vector<brink::ThresholdRow> example_rows(const brink::LinearizedModel& model) {
  std::vector<brink::ThresholdRow> rows;
  for (const double momentum : {0.9, 0.0}) {
    for (const brink::Index batch : {4, 1}) {
      brink::ThresholdRow row;
      row.cell = example_cell(momentum, batch);
      row.threshold.eta = (1 - momentum) * static_cast<double>(batch);
      row.threshold.eta_deterministic = 2 * (1 + momentum);
      if (batch == 1)
        row.critical_shares = brink::Vector::Constant(model.rank(), 1 / static_cast<double>(model.rank()));
      rows.push_back(row);
    }
  }
  return rows;
}

const brink::FigureData& figure(const std::vector<brink::FigureData>& figures, const std::string& name) {
  for (const auto& one : figures)
    if (one.name == name) return one;
  throw std::runtime_error("no figure " + name);
}

}  // namespace

TEST_CASE("a unit gradient moves x by the effective step size", "[plots][fast]") {
  brink::Cell cell = example_cell(0.9, 1);
  CHECK(brink::effective_rate(cell) == Approx(10));
  for (const auto& [rule, expected] : std::vector<std::pair<const char*, double>>{{"nesterov", 10}, {"ema", 1}}) {
    cell.rule = rule;
    CHECK(brink::effective_rate(cell) == Approx(expected));
  }
  cell = example_cell(0, 1);
  cell.rule = "sgd";
  CHECK(brink::effective_rate(cell) == Approx(1));
}

TEST_CASE("figures of thresholds hold what was computed, in order", "[plots][fast]") {
  const auto& model = brink::test::example_model().model;
  const auto figures = brink::threshold_figures(model, example_rows(model));
  const auto& rates = figure(figures, "effective-rate").data;
  REQUIRE(rates.rows().size() == 4);
  const double expected[] = {1, 4, 1, 4};  // both momenta have η*/(1−β) = B
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(std::get<std::int64_t>(rates.rows()[i][0]) == static_cast<std::int64_t>(i / 2));
    CHECK(std::get<double>(rates.rows()[i][5]) == Approx(expected[i]));
  }
  const auto& spectrum = figure(figures, "spectrum").data;
  REQUIRE(spectrum.rows().size() == static_cast<std::size_t>(model.rank()));
  CHECK(std::get<double>(spectrum.rows()[0][1]) == model.lambda_max());
  const auto& mode =
      figure(figures, "critical-mode-" + example_cell(0.9, 1).rule + "-0.9-" + example_cell(0.9, 1).sampling);
  CHECK(mode.data.rows().size() == static_cast<std::size_t>(model.rank()));
}

TEST_CASE("figures of thresholds draw silently on every terminal, with every label", "[plots]") {
  const auto& model = brink::test::example_model().model;
  const Scratch scratch;
  auto run = brink::RunDirectory::create(scratch.path() / "run", "seed = 1\n");
  const auto figures = brink::threshold_figures(model, example_rows(model));
  write_figures(run, figures);
  DrawingOptions options;
  options.terminals = figure_terminals();
  for (const auto& one : figures) CHECK(draw_figure(run, one.name, options).size() == 8);
  const std::vector<std::pair<std::string, std::vector<const char*>>> expected = {
      {"effective-rate", {"β=0", "β=0.9", "batchsizeB", "largeststableeffectivestepsizeηef"}},
      {"spectrum", {"spectrumoftheHessian", "indexi", "eigenvalueλi"}},
      {figures[figures.size() - 2].name, {"B=1", "curvatureλi", "shareofthecriticalmode"}}};
  for (const auto& [name, labels] : expected) {
    const auto text = visible_text(run.figures() / (name + ".svg"));
    for (const char* label : labels) {
      CAPTURE(name, label, text);
      CHECK(text.find(label) != std::string::npos);
    }
  }
}
