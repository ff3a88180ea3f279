// brink threshold: thresholds, bounds and growth over a grid.

#include <algorithm>
#include <atomic>
#include <memory>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/transfer_basis.hpp"
#include "command.hpp"
#include "console.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct Flags {
  ModelFlags model;
  GridFlags grid;
  CommonFlags common;
  bool bounds = false;
  bool bounds_figure = false;
  std::vector<std::string> solve;
  std::optional<std::int64_t> population;
};

ThresholdRow compute_row(const LinearizedModel& model, const Cell& cell, const std::vector<double>& etas,
                         const Flags& flags, TransferBasis* basis) {
  const auto rule = make_update_rule(cell.rule, cell.parameters);
  const auto law = law_of(cell.sampling, flags.population);
  ThresholdRow row;
  row.cell = cell;
  row.threshold = mean_square_threshold(model, *rule, *law, cell.batch_size, basis);
  if (row.threshold.critical_mode.size() != 0) {
    row.batch_sharpness_in_times_eta =
        row.threshold.eta * batch_sharpness(model, *law, cell.batch_size, row.threshold.critical_mode);
    row.threshold.critical_mode.resize(0, 0);  // r × r numbers a row that nobody reads any more
  }
  if (flags.population) row.subsample = subsample_error(model, *rule, *law, cell.batch_size);
  if (flags.bounds) row.bounds = evaluate_criteria(model, *rule, *law, cell.batch_size);
  for (const double eta : etas) {
    GrowthRow growth;
    growth.eta = eta;
    growth.growth = mean_square_growth(model, *rule, *law, cell.batch_size, eta, basis);
    if (!model.interpolates() && eta < row.threshold.eta)
      growth.stationary = stationary_state(model, *rule, *law, cell.batch_size, eta);
    row.growth.push_back(std::move(growth));
  }
  return row;
}

/// Cells in groups of one rule, momentum and sampling; a group shares what it learns about the model. The partition
/// depends on the grid alone, so the result does not depend on the number of threads.
std::vector<std::vector<std::size_t>> groups_of(const std::vector<Cell>& cells) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto same = [&](const std::vector<std::size_t>& group) {
      const Cell& first = cells[group.front()];
      return first.rule == cells[i].rule && first.parameters.momentum == cells[i].parameters.momentum &&
             first.sampling == cells[i].sampling;
    };
    const auto found = std::find_if(groups.begin(), groups.end(), same);
    if (found == groups.end()) {
      groups.push_back({i});
    } else {
      found->push_back(i);
    }
  }
  return groups;
}

std::vector<ThresholdRow> compute_rows(const LinearizedModel& model, const std::vector<Cell>& cells,
                                       const std::vector<double>& etas, const Flags& flags, const Monitor& monitor) {
  const auto groups = groups_of(cells);
  std::vector<ThresholdRow> rows(cells.size());
  std::atomic<std::size_t> done{0};
  parallel_for(static_cast<std::int64_t>(groups.size()), flags.common.threads, [&](std::int64_t g) {
    std::unique_ptr<TransferBasis> basis;
    if (model.has_samples()) basis = std::make_unique<TransferBasis>(model);
    for (const std::size_t i : groups[static_cast<std::size_t>(g)]) {
      monitor.check();
      rows[i] = compute_row(model, cells[i], etas, flags, basis.get());
      monitor.report(static_cast<double>(++done) / static_cast<double>(cells.size()));
    }
  });
  return rows;
}

constexpr const char* kQuestions = "batch, momentum, best-eta, best-momentum";

/// The inverse questions, in the order asked; each nests as the grid does, without what it solves for.
std::vector<SolutionRow> questions(const std::vector<Cell>& cells, const std::vector<double>& etas,
                                   const Flags& flags) {
  std::vector<SolutionRow> rows;
  for (const auto& quantity : flags.solve) {
    const bool needs_eta = quantity == "batch" || quantity == "momentum";
    check_argument(needs_eta || quantity == "best-eta" || quantity == "best-momentum", "command line", "--solve",
                   quantity, std::string("names among ") + kQuestions);
    check_argument(!needs_eta || !etas.empty(), "command line", "--eta", "none",
                   "at least one step size for --solve " + quantity);
    const std::size_t first = rows.size();
    for (const Cell& cell : cells) {
      const auto asked = [&](const SolutionRow& row) {
        return row.cell.rule == cell.rule && row.cell.sampling == cell.sampling &&
               (quantity == "batch" || row.cell.batch_size == cell.batch_size) &&
               (quantity == "momentum" || quantity == "best-momentum" ||
                row.cell.parameters.momentum == cell.parameters.momentum);
      };
      if (std::any_of(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(), asked)) continue;
      for (const double eta : needs_eta ? etas : std::vector<double>{0}) {
        rows.emplace_back();
        rows.back().quantity = quantity;
        rows.back().cell = cell;
        rows.back().eta = eta;
      }
    }
  }
  return rows;
}

void answer(const LinearizedModel& model, SolutionRow& row, std::optional<Index> population, TransferBasis* basis) {
  const auto law = law_of(row.cell.sampling, population);
  const auto rule = make_update_rule(row.cell.rule, row.cell.parameters);
  if (row.quantity == "batch") {
    check_argument(model.has_samples(), "command line", "--solve", "batch",
                   "a model with samples, so that B ends at n");
    row.batch = smallest_stable_batch(model, *rule, *law, row.eta, law->population(model.samples().samples), basis);
  } else if (row.quantity == "momentum") {
    row.momenta = stable_momenta(model, row.cell.rule, row.cell.parameters, *law, row.cell.batch_size, row.eta, basis);
  } else if (row.quantity == "best-eta") {
    row.best_step = best_step(model, *rule, *law, row.cell.batch_size, basis);
  } else {
    row.best_momentum = best_momentum(model, row.cell.rule, row.cell.parameters, *law, row.cell.batch_size, basis);
  }
}

std::vector<SolutionRow> solve(const LinearizedModel& model, std::vector<SolutionRow> rows, const Flags& flags,
                               const Monitor& monitor) {
  std::atomic<std::size_t> done{0};
  parallel_for(static_cast<std::int64_t>(rows.size()), flags.common.threads, [&](std::int64_t i) {
    monitor.check();
    std::unique_ptr<TransferBasis> basis;
    if (model.has_samples()) basis = std::make_unique<TransferBasis>(model);
    answer(model, rows[static_cast<std::size_t>(i)], flags.population, basis.get());
    monitor.report(static_cast<double>(++done) / static_cast<double>(rows.size()));
  });
  return rows;
}

int run(const Flags& flags) {
  const Configuration configuration = flags.model.configuration();
  GridOptions options;
  options.read(configuration);
  flags.grid.apply(options);
  check_step_sizes(options.grid);
  const LoadedModel model = load_configured_model(configuration);
  const auto cells = make_cells(options, model.model, flags.population);
  const auto asked = questions(cells, options.grid.eta, flags);

  std::optional<Run> directory;
  auto out = flags.common.out;
  if (flags.bounds_figure && !out) out = "runs/bounds";
  if (out) {
    OptionTable grid = write_options(options.grid);
    grid.erase("eta_over_threshold");
    grid.emplace("bounds", flags.bounds);
    if (!flags.solve.empty()) grid.emplace("solve", flags.solve);
    if (flags.population) grid.emplace("population", *flags.population);
    directory.emplace(*out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", write_options(options.batch)},
                               {"grid", grid}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  for (const auto& note : model.notes) console.note(note);
  for (const auto& warning : model.model.origin().warnings) console.warn(warning);
  console.start("threshold");
  const auto rows = compute_rows(model.model, cells, options.grid.eta, flags, console.monitor());
  const auto solutions = solve(model.model, asked, flags, console.monitor());
  console.finish();

  const ThresholdReportOptions report{flags.bounds, !options.grid.eta.empty()};
  Output output{threshold_json(model, rows, report, solutions), threshold_table(rows, flags.bounds)};
  std::vector<std::pair<std::string, Table>> tables = {{"thresholds", output.table}};
  output.text = to_text(threshold_table(rows, false));
  const auto add_table = [&](const std::string& name, const Table& table) {
    tables.emplace_back(name, table);
    output.text += "\n" + to_text(table);
  };
  if (flags.bounds) add_table("bounds", bound_table(rows));
  if (!solutions.empty()) add_table("solutions", solution_table(solutions));
  if (directory) {
    if (flags.bounds_figure) draw_figures(directory->directory(), bound_figures(rows), console);
    directory->finish(output.json, tables, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_threshold_command(CLI::App& program) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = program.add_subcommand("threshold",
                                         "thresholds and bounds over a grid of rule, momentum, batch size "
                                         "and sampling");
  flags->model.add(*app);
  flags->grid.add(*app);
  app->add_flag("--bounds", flags->bounds, "every published stability condition beside the exact threshold");
  app->add_flag("--bounds-figure", flags->bounds_figure,
                "draws these conditions against the batch size (implies --bounds; --out defaults to runs/bounds)");
  app->add_option(
         "--solve", flags->solve,
         "inverse questions, a comma list: batch (the smallest stable one at every --eta), momentum (its stable "
         "ranges at every --eta), best-eta (fastest mean-square decay), best-momentum (largest threshold)")
      ->delimiter(',')
      ->expected(1)
      ->type_name("LIST");
  app->add_option("--population", flags->population,
                  "the rows are a random subsample of N samples: batches are drawn from N, and thresholds carry the "
                  "standard error of the subsample")
      ->type_name("N");
  add_common_flags(*app, flags->common);
  app->footer(
      "Examples:\n"
      "  brink threshold --jacobian J.npy --batch 1,4,16\n"
      "  brink threshold --gram K.npy --rule heavy-ball --momentum 0,0.5,0.9 --batch 1,8 --bounds --format json\n"
      "  brink threshold --jacobian J.npy --batch 1,2,4,8,16,32 --bounds-figure --out runs/conditions\n"
      "  brink threshold --config model.toml --batch 8 --eta 0.1,0.2\n"
      "  brink threshold --jacobian J.npy --rule heavy-ball --eta 0.1 --solve batch,momentum,best-momentum");
  return [flags] {
    flags->bounds = flags->bounds || flags->bounds_figure;
    return run(*flags);
  };
}

}  // namespace brink::cli
