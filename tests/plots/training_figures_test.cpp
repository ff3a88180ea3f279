// The figure of a training run.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/report/atomic_file.hpp"
#include "brink/report/training_report.hpp"
#include "cli/gnuplot.hpp"
#include "plots/visible_text.hpp"
#include "report/scratch.hpp"

using namespace brink;
using namespace brink::cli;
using brink::test::visible_text;

namespace {

TrainingReport invented_training(Index steps, double oscillation) {
  TrainingReport report;
  report.names = record_names({});
  for (Index t = 0; t <= steps; ++t) {
    const double loss = std::exp(-5.0 * static_cast<double>(t) / static_cast<double>(steps)) *
                        (1 + oscillation * (t % 2 == 0 ? 1 : -1));
    report.records.push_back({static_cast<double>(t), 0.1, 0.9, 8, loss, std::sqrt(loss)});
  }
  report.interventions = {"step 10: eta = 0.2, buffers = zero", "loss < 0: eta = 1"};
  report.fired_at = {10, -1};
  return report;
}

}  // namespace

TEST_CASE("a long run is thinned without losing its oscillation", "[fast][report]") {
  const auto figures = training_figures(invented_training(50000, 0.5));
  REQUIRE(figures.size() == 1);
  const auto& rows = figures[0].data.rows();
  CHECK(rows.size() < 2100);
  double largest = 0;
  double smallest = 1e9;
  for (const auto& row : rows) {
    if (!std::holds_alternative<double>(row[1])) continue;
    const double share =
        std::get<double>(row[1]) / std::exp(-5.0 * static_cast<double>(std::get<std::int64_t>(row[0])) / 50000);
    largest = std::max(largest, share);
    smallest = std::min(smallest, share);
  }
  CHECK(largest == Approx(1.5));
  CHECK(smallest == Approx(0.5));
  CHECK(std::get<std::string>(rows.back()[4]) == "eta = 0.2; buffers = zero");
  CHECK(training_figures(TrainingReport{}).empty());
}

TEST_CASE("the figure of a training run draws silently on every terminal, with every label", "[plots]") {
  for (const Index steps : {20, 100000}) {
    const test::Scratch scratch;
    auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
    write_figures(run, training_figures(invented_training(steps, 0)));
    DrawingOptions options;
    options.terminals = steps == 20 ? figure_terminals() : std::vector<std::string>{"svg"};
    CHECK_NOTHROW(draw_figure(run, "training", options));
    const auto text = visible_text(run.figures() / "training.svg");
    for (const char* label : {"loss", "gradientnorm", "step", "eta=0.2;buffers=zero"})
      CHECK(text.find(label) != std::string::npos);
  }
}
