// brink couple: carries a step size over to other momenta and batch sizes, with the same margin to the threshold.

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/stability/inverse.hpp"
#include "brink/stability/transfer_basis.hpp"
#include "command.hpp"
#include "console.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "option_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct OldSetting {
  std::vector<double> from;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("from", self.from, "the stable setting that is carried over",
          "three numbers: step size, momentum, batch size");
  }
};

struct CoupleFlags {
  ModelFlags model;
  GridFlags grid;
  CommonFlags common;
  SectionFlags old;
};

/// The old setting: --from η,β,B with the rule and sampling of the first cell.
Cell old_cell(const std::vector<double>& from, GridOptions options, const LinearizedModel& model) {
  check_argument(from.size() == 3, "command line", "--from", fmt::format("{} numbers", from.size()),
                 "three numbers: step size, momentum, batch size");
  check_argument(from[0] > 0 && std::isfinite(from[0]), "command line", "--from step size", from[0], "a number > 0");
  check_argument(from[2] == std::floor(from[2]) && std::abs(from[2]) < 1e15, "command line", "--from batch size",
                 from[2], "an integer");
  options.optimizer.rule.resize(1);
  options.batch.sampling.resize(1);
  options.optimizer.momentum = {from[1]};
  options.batch.size = {static_cast<std::int64_t>(from[2])};
  return make_cells(options, model).front();
}

int run_couple(const CoupleFlags& flags) {
  const Configuration configuration = flags.model.configuration();
  GridOptions options;
  options.read(configuration);
  flags.grid.apply(options);
  const LoadedModel model = load_configured_model(configuration);
  const auto cells = make_cells(options, model.model);
  OldSetting old;
  flags.old.apply(old);
  const Cell from = old_cell(old.from, options, model.model);
  const double eta = old.from[0];

  std::optional<Run> directory;
  if (flags.common.out) {
    directory.emplace(*flags.common.out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", write_options(options.batch)},
                               {"grid", write_options(old)}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  announce(console, model);
  console.start("couple");
  std::unique_ptr<TransferBasis> basis;
  if (model.model.has_samples()) basis = std::make_unique<TransferBasis>(model.model);
  const MeanSquareThreshold threshold =
      mean_square_threshold(model.model, *make_update_rule(from.rule, from.parameters), *make_batch_law(from.sampling),
                            from.batch_size, basis.get());
  std::vector<CouplingRow> rows;
  for (const Cell& cell : cells) {
    console.monitor().check();
    const auto rule = make_update_rule(cell.rule, cell.parameters);
    rows.push_back({cell, couple(model.model, threshold, eta, from.parameters.momentum, from.batch_size, *rule,
                                 *make_batch_law(cell.sampling), cell.batch_size, basis.get())});
    console.monitor().report(static_cast<double>(rows.size()) / static_cast<double>(cells.size()));
  }
  console.finish();

  const Output output{coupling_json(model, from, eta, threshold, rows), coupling_table(rows)};
  if (directory) {
    draw_figures(directory->directory(), coupling_figures(from, eta, rows), console);
    directory->finish(output.json, {{"coupling", output.table}}, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_couple_command(CLI::App& program) {
  auto flags = std::make_shared<CoupleFlags>();
  CLI::App* app = program.add_subcommand("couple",
                                         "carries a stable step size over to other momenta and batch sizes, with the "
                                         "same margin");
  flags->model.add(*app);
  flags->grid.add(*app, false);
  flags->old.add<OldSetting>(*app);
  add_common_flags(*app, flags->common);
  app->footer(
      "The step size with the same margin is η' = η·η*(β',B')/η*(β,B). Beside it the rules of thumb, and the share of\n"
      "the threshold that each would use (above 1: unstable): linear ηB'/B, square-root η√(B'/B), effective-rate\n"
      "η(1−β')/(1−β). Rule and sampling of the old setting are the first of the grid. --out DIR also draws the "
      "figure.\n\n"
      "Examples:\n"
      "  brink couple --jacobian J.npy --rule heavy-ball --from 0.01,0.9,16 --momentum 0,0.9 --batch 1,4,16,64\n"
      "  brink couple --config model.toml --from 0.1,0,8 --batch 8,32,128 --out runs/coupling");
  return [flags] { return run_couple(*flags); };
}

}  // namespace brink::cli
