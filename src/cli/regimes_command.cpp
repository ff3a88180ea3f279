// brink regimes: where noise limits the step size, where curvature does, and what lies between.

#include <fmt/format.h>

#include <memory>

#include "brink/report/regime_report.hpp"
#include "command.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct RegimeSection {
  std::int64_t points = 25;
  std::vector<std::string> measure;
  std::int64_t measured_points = 6;
  std::int64_t replicas = 1024;
  std::int64_t steps = 500;
  std::int64_t burn_in = 200;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("points", self.points, "batch sizes of the curve of theory, evenly spaced in the logarithm",
          "an integer >= 5");
    field("measure", self.measure,
          "also from trajectories of the linearized model, or of real SGD on the problem itself",
          "names among linear, direct");
    field("measured_points", self.measured_points, "batch sizes of the measured curves", "an integer >= 4");
    field("replicas", self.replicas, "of the measurement", "an integer >= 2");
    field("steps", self.steps, "of the measurement, after burn-in", "an integer >= 64");
    field("burn_in", self.burn_in, "of the measurement", "an integer >= 0");
  }
};

struct RegimesFlags {
  ModelFlags model;
  SectionFlags optimizer;
  SectionFlags batch;
  SectionFlags regimes;
  CommonFlags common;
};

int run_regimes(const RegimesFlags& flags) {
  const Configuration configuration = flags.model.configuration();
  GridOptions grid;
  grid.read(configuration);
  grid.batch.size = {1};
  flags.optimizer.apply(grid.optimizer);
  flags.batch.apply(grid.batch);
  RegimeSection section;
  read_section(configuration, "regimes", section);
  flags.regimes.apply(section);
  const LoadedModel model = load_configured_model(configuration);
  const auto cells = make_cells(grid, model.model);
  RegimeOptions options;
  options.theory_points = section.points;
  options.measure = section.measure;
  options.measured_points = section.measured_points;
  options.replicas = section.replicas;
  options.steps = section.steps;
  options.burn_in = section.burn_in;
  options.seed = flags.common.seed.value_or(0);
  options.threads = flags.common.threads;

  std::optional<Run> directory;
  if (flags.common.out) {
    OptionTable regimes = write_options(section);
    regimes.emplace("seed", static_cast<std::int64_t>(options.seed));
    directory.emplace(*flags.common.out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(grid.optimizer)},
                               {"batch", write_options(grid.batch)},
                               {"regimes", regimes}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  announce(console, model);
  std::vector<BatchRegimes> rows;
  for (const Cell& cell : cells) {
    console.start(fmt::format("regimes: {} β = {}", cell.rule, cell.parameters.momentum));
    rows.push_back(batch_regimes(model, cell, options, console.monitor()));
    console.finish();
  }
  judge_regimes(rows);
  const std::string json = regimes_json(model, rows);
  if (directory) {
    draw_figures(directory->directory(), {regime_figure(rows)}, console);
    directory->finish(json,
                      {{"regimes", regime_table(rows)},
                       {"points", regime_point_table(rows)},
                       {"comparisons", regime_comparison_table(rows)}},
                      flags.common.threads);
  }
  Output output{json, regime_table(rows)};
  if (!section.measure.empty())
    output.text = to_text(regime_table(rows)) + "\n" + to_text(regime_comparison_table(rows));
  write_output(output, flags.common.format);
  if (regimes_agree(rows) == false) {
    bool compared = false;
    for (const auto& row : rows) compared = compared || !row.comparisons.empty();
    if (!compared) console.warn("no boundary was found both by theory and by measurement: nothing was compared");
    return kDisagrees;
  }
  return kDone;
}

}  // namespace

Action add_regimes_command(CLI::App& program) {
  auto flags = std::make_shared<RegimesFlags>();
  CLI::App* app = program.add_subcommand(
      "regimes", "batch-size regimes of a model: noise-dominated, crossover, curvature-dominated");
  flags->model.add(*app);
  flags->optimizer.add<OptimizerSection>(*app);
  flags->batch.add<BatchSection>(*app, {{"size", ""}});
  flags->regimes.add<RegimeSection>(*app);
  add_common_flags(*app, flags->common);
  app->footer(
      fmt::format("Noise-dominated while the threshold grows in proportion to the batch size (slope of ln η* against "
                  "ln B at least {}),\n"
                  "curvature-dominated from the batch size on at which it reaches {} of the noise-free edge. With "
                  "--measure the same is\n"
                  "read off thresholds that were measured, and compared with theory at the same batch sizes; exit code "
                  "1 when\n"
                  "they disagree, at a level of {:.0f}% over all comparisons, or when nothing could be compared.\n\n"
                  "Examples:\n"
                  "  brink regimes --config model.toml --rule heavy-ball --momentum 0,0.9\n"
                  "  brink regimes --jacobian J.npy --measure linear,direct",
                  kProportional, kSaturated, 100 * kRegimeLevel));
  return [flags] { return run_regimes(*flags); };
}

}  // namespace brink::cli
