// The figures of limits: every terminal, every label, odd data.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "brink/report/atomic_file.hpp"
#include "brink/report/limit_report.hpp"
#include "cli/gnuplot.hpp"
#include "plots/visible_text.hpp"
#include "report/scratch.hpp"

namespace fs = std::filesystem;
using brink::test::visible_text;
using namespace brink::cli;
using brink::RunDirectory;
using brink::test::Scratch;

namespace {

brink::LimitSetting setting(const char* kind, double momentum, double batch) {
  brink::LimitSetting result;
  result.spectrum.kind = kind;
  result.rule = momentum == 0 ? "sgd" : "heavy-ball";
  result.parameters.momentum = momentum;
  result.batch = batch;
  return result;
}

/// Made-up numbers of one setting.
brink::LimitRow row(const brink::LimitSetting& setting, bool simulated) {
  brink::LimitRow result;
  result.setting = setting;
  result.threshold.eta = 0.3 * (1 - setting.parameters.momentum) * setting.batch;
  result.threshold.eta_deterministic = 2;
  for (const brink::Index d : {20, 80}) {
    brink::DrawnThreshold draw;
    draw.size = {d, 2 * d, d, setting};
    draw.draws = 8;
    draw.limit.eta = result.threshold.eta;
    draw.eta = result.threshold.eta * (1 + 1.0 / static_cast<double>(d));
    draw.standard_error = 0.003 * draw.eta;
    result.draws.push_back(draw);
  }
  brink::LimitLoss loss;
  loss.options.steps = 10;
  brink::SimulatedLoss measured;
  for (brink::Index t = 0; t <= 10; ++t) {
    const double value = std::pow(0.8, static_cast<double>(t));
    loss.curve.loss.push_back(value);
    loss.curve.forcing.push_back(0.9 * value);
    measured.statistics.push_back({t, 1.05 * value, 0.01, value, 0.8 * value, 1.2 * value});
    if (t > 0) measured.z.push_back(1);
  }
  if (simulated) loss.simulated = measured;
  result.growth.push_back({0.2, {}, loss});
  return result;
}

}  // namespace

TEST_CASE("figures of limits draw on every terminal, with their labels", "[plots]") {
  const Scratch scratch;
  auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
  std::vector<brink::LimitRow> rows;
  for (const double momentum : {0.5, 0.9})
    for (const double batch : {0.5, 2.0}) rows.push_back(row(setting("marchenko-pastur", momentum, batch), true));
  write_figures(run, brink::limit_figures(rows));
  CHECK(figure_names(run) == std::vector<std::string>{"limit-batch", "limit-dimension-heavy-ball-gaussian-0.5",
                                                      "limit-dimension-heavy-ball-gaussian-2",
                                                      "loss-curve-heavy-ball-gaussian-0.5",
                                                      "loss-curve-heavy-ball-gaussian-2"});
  DrawingOptions options;
  options.terminals = figure_terminals();
  for (const auto& name : figure_names(run)) CHECK(draw_figure(run, name, options).size() == 8);
  const struct {
    const char* figure;
    std::vector<const char*> labels;
  } expected[] = {
      {"limit-batch", {"Marchenko–Pastur", "β=0.5", "β=0.9", "limit", "d=80", "2(1+β)/λmax", "stepsizeη"}},
      {"limit-dimension-heavy-ball-gaussian-2", {"d/n=0.5", "B/d=2", "limit", "dimensiond", "threshold/limit"}},
      {"loss-curve-heavy-ball-gaussian-2",
       {"limit", "mean", "median", "90%ofruns", "β=0.9", "η/η*=", "excessloss", "step"}}};
  for (const auto& one : expected) {
    const auto text = visible_text(run.figures() / (std::string(one.figure) + ".svg"));
    for (const char* label : one.labels) {
      CAPTURE(one.figure, label, text);
      CHECK(text.find(label) != std::string::npos);
    }
  }
}

TEST_CASE("odd limits draw silently too", "[plots]") {
  std::vector<std::vector<brink::LimitRow>> sets;
  sets.push_back({row(setting("power-law", 0, 1), false), row(setting("power-law", 0, 4), false)});
  sets.push_back({row(setting("point-mass", 0.9, 1e-3), true), row(setting("point-mass", 0.9, 1e3), false)});
  auto none = row(setting("point-mass", 0, 1), false);
  none.growth.clear();
  none.draws.pop_back();
  sets.push_back({none});
  std::vector<brink::LimitRow> many;
  for (int i = 0; i < 8; ++i) many.push_back(row(setting("marchenko-pastur", 0.1 * i + 0.05, 1), true));
  sets.push_back(many);
  DrawingOptions options;
  options.terminals = {"svg", "cairolatex"};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    CAPTURE(i);
    const Scratch scratch;
    auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
    write_figures(run, brink::limit_figures(sets[i]));
    for (const auto& name : figure_names(run)) CHECK_NOTHROW(draw_figure(run, name, options));
  }
}
