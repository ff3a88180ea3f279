// brink threshold: thresholds, bounds and growth over a grid.

#include <algorithm>
#include <atomic>
#include <memory>

#include "brink/base/parallel.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/model_figures.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/transfer_basis.hpp"
#include "command.hpp"
#include "console.hpp"
#include "epoch_section.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"
#include "questions.hpp"

namespace brink::cli {
namespace {

/// How thresholds over epochs are measured where they are out of exact reach.
struct ReshufflingSection {
  std::int64_t replicas = 512;
  std::int64_t epochs = 256;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("replicas", self.replicas, "of --reshuffling, where all orders are too many: replicas of the simulation",
          "an integer >= 2");
    field("epochs", self.epochs, "of --reshuffling, where all orders are too many: epochs after burn-in",
          "an integer >= 64");
  }
};

struct ThresholdFlags {
  ModelFlags model;
  GridFlags grid;
  CommonFlags common;
  bool bounds = false;
  bool bounds_figure = false;
  bool figures = false;
  bool reshuffling = false;
  SectionFlags questions;
  SectionFlags epoch;
  SectionFlags measurement;
};

/// What is computed for every cell.
struct ThresholdJob {
  std::vector<double> etas;
  bool bounds = false;
  std::optional<Index> population;
  int threads = 1;
  std::optional<LastBatch> reshuffling;
  ReshufflingSection measurement;
  std::uint64_t seed = 0;
};

std::optional<ReshuffledStability> reshuffled_stability_of(const LinearizedModel& model, const Cell& cell,
                                                           const ThresholdJob& job, TransferBasis* basis,
                                                           const Monitor& monitor) {
  const std::shared_ptr<const UpdateRule> rule = make_update_rule(cell.rule, cell.parameters);
  const auto independent =
      mean_square_threshold(model, *rule, *make_batch_law("without-replacement"), cell.batch_size, basis);
  if (!(independent.eta > 0)) return std::nullopt;
  const Epoch epoch{model.samples().samples, cell.batch_size, *job.reshuffling};
  const ReshuffledOptions options{job.etas, job.measurement.replicas, job.measurement.epochs, job.seed, 1};
  return reshuffled_stability(model, rule, epoch, independent, options, {{}, monitor.interrupted});
}

ThresholdRow compute_row(const LinearizedModel& model, const Cell& cell, const ThresholdJob& job,
                         const SampleMoments& moments, TransferBasis* basis, const Monitor& monitor) {
  const auto rule = make_update_rule(cell.rule, cell.parameters);
  const auto law = law_of(cell.sampling, job.population);
  ThresholdRow row;
  row.cell = cell;
  row.threshold = mean_square_threshold(model, *rule, *law, cell.batch_size, basis);
  row.batch_sharpness_in_times_eta = moments.in_times_eta(*law, cell.batch_size, row.threshold);
  if (row.threshold.critical_mode.size() != 0) row.critical_shares = row.threshold.critical_mode.diagonal();
  // Large numbers a row that nobody reads any more.
  row.threshold.critical_mode.resize(0, 0);
  row.threshold.critical_blocks.resize(0, 0);
  if (job.population) row.subsample = subsample_error(model, *rule, *law, cell.batch_size);
  if (job.bounds) row.bounds = evaluate_criteria(model, *rule, *law, cell.batch_size);
  for (const double eta : job.etas) {
    GrowthRow growth;
    growth.eta = eta;
    growth.growth = mean_square_growth(model, *rule, *law, cell.batch_size, eta, basis);
    if (!model.interpolates() && growth.growth.stable && !law->fresh_gaussian_rows())
      growth.stationary = stationary_state(model, *rule, *law, cell.batch_size, eta);
    row.growth.push_back(std::move(growth));
  }
  if (job.reshuffling) row.reshuffled = reshuffled_stability_of(model, cell, job, basis, monitor);
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
                                       const ThresholdJob& job, const Monitor& monitor) {
  const auto groups = groups_of(cells);
  const SampleMoments moments(model);
  std::vector<ThresholdRow> rows(cells.size());
  std::atomic<std::size_t> done{0};
  parallel_for(static_cast<std::int64_t>(groups.size()), job.threads, [&](std::int64_t g) {
    std::unique_ptr<TransferBasis> basis;
    if (model.has_samples()) basis = std::make_unique<TransferBasis>(model);
    for (const std::size_t i : groups[static_cast<std::size_t>(g)]) {
      monitor.check();
      rows[i] = compute_row(model, cells[i], job, moments, basis.get(), monitor);
      monitor.report(static_cast<double>(++done) / static_cast<double>(cells.size()));
    }
  });
  return rows;
}

int run_threshold(const ThresholdFlags& flags) {
  const Configuration configuration = flags.model.configuration();
  GridOptions options;
  options.read(configuration);
  flags.grid.apply(options);
  check_step_sizes(options.grid);
  const LoadedModel model = load_configured_model(configuration);
  QuestionSection questions;
  flags.questions.apply(questions);
  EpochSection epoch;
  flags.epoch.apply(epoch);
  ThresholdJob job;
  job.etas = options.grid.eta;
  job.bounds = flags.bounds;
  job.threads = flags.common.threads;
  job.seed = flags.common.seed.value_or(0);
  flags.measurement.apply(job.measurement);
  if (questions.population != 0) job.population = questions.population;
  const LastBatch last_batch = epoch.checked(flags.reshuffling);
  if (flags.reshuffling) {
    check_argument(!job.population, "command line", "--population", questions.population,
                   "none with --reshuffling: samples outside the model cannot be shuffled");
    check_argument(model.model.has_samples(), "command line", "--reshuffling", "a spectrum alone",
                   "a model with samples to shuffle");
    check_argument(job.measurement.replicas >= 2, "command line", "--replicas", job.measurement.replicas,
                   "an integer >= 2");
    check_argument(job.measurement.epochs >= 64, "command line", "--epochs", job.measurement.epochs,
                   "an integer >= 64");
    job.reshuffling = last_batch;
  } else {
    const ReshufflingSection usual;
    check_argument(job.measurement.replicas == usual.replicas, "command line", "--replicas", job.measurement.replicas,
                   "none without --reshuffling: nothing is simulated");
    check_argument(job.measurement.epochs == usual.epochs, "command line", "--epochs", job.measurement.epochs,
                   "none without --reshuffling: nothing is simulated");
  }
  const auto cells = make_cells(options, model.model, job.population);
  const auto asked = make_questions(cells, job.etas, questions.solve);

  std::optional<Run> directory;
  auto out = flags.common.out;
  if (flags.bounds_figure && !out) out = "runs/bounds";
  if (flags.figures && !out) out = "runs/thresholds";
  if (out) {
    OptionTable grid = write_options(options.grid);
    grid.erase("eta_over_threshold");
    grid.emplace("bounds", flags.bounds);
    grid.merge(write_options(questions));
    if (flags.reshuffling) {
      grid.merge(write_options(epoch));
      grid.merge(write_options(job.measurement));
      grid.emplace("seed", static_cast<std::int64_t>(job.seed));
    }
    grid.emplace("reshuffling", flags.reshuffling);
    directory.emplace(*out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", write_options(options.batch)},
                               {"grid", grid}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  announce(console, model);
  console.start("threshold");
  const auto rows = compute_rows(model.model, cells, job, console.monitor());
  const auto solutions = answer(model.model, asked, job.population, job.threads, console.monitor());
  console.finish();

  const ThresholdReportOptions report{flags.bounds, !options.grid.eta.empty(), flags.reshuffling};
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
    std::vector<FigureData> figures;
    if (flags.figures) figures = threshold_figures(model.model, rows);
    if (flags.bounds_figure)
      for (auto& figure : bound_figures(rows)) figures.push_back(std::move(figure));
    draw_figures(directory->directory(), figures, console);
    directory->finish(output.json, tables, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_threshold_command(CLI::App& program) {
  auto flags = std::make_shared<ThresholdFlags>();
  CLI::App* app = program.add_subcommand("threshold",
                                         "thresholds and bounds over a grid of rule, momentum, batch size "
                                         "and sampling");
  flags->model.add(*app);
  flags->grid.add(*app);
  app->add_flag("--bounds", flags->bounds, "every published stability condition beside the exact threshold");
  app->add_flag("--bounds-figure", flags->bounds_figure,
                "draws these conditions against the batch size (implies --bounds; --out defaults to runs/bounds)");
  app->add_flag(
      "--figures", flags->figures,
      "draws thresholds, plateaus and effective rates against the batch size, critical modes and the spectrum "
      "(--out defaults to runs/thresholds)");
  flags->questions.add<QuestionSection>(*app);
  app->add_flag("--reshuffling", flags->reshuffling,
                "the thresholds of shuffled epochs beside those of independent batches: exact where all orders can be "
                "enumerated, measured elsewhere; and of epochs in the order of the data");
  flags->epoch.add<EpochSection>(*app);
  flags->measurement.add<ReshufflingSection>(*app);
  add_common_flags(*app, flags->common);
  app->footer(
      "Examples:\n"
      "  brink threshold --jacobian J.npy --batch 1,4,16\n"
      "  brink threshold --gram K.npy --rule heavy-ball --momentum 0,0.5,0.9 --batch 1,8 --bounds --format json\n"
      "  brink threshold --jacobian J.npy --batch 1,2,4,8,16,32 --bounds-figure --out runs/conditions\n"
      "  brink threshold --jacobian J.npy --rule heavy-ball --momentum 0,0.9 --batch 1,2,4,8,16,32 --figures\n"
      "  brink threshold --config model.toml --batch 8 --eta 0.1,0.2\n"
      "  brink threshold --jacobian J.npy --rule heavy-ball --eta 0.1 --solve batch,momentum,best-momentum\n"
      "  brink threshold --jacobian J.npy --batch 2 --reshuffling --last-batch dropped");
  return [flags] {
    flags->bounds = flags->bounds || flags->bounds_figure;
    return run_threshold(*flags);
  };
}

}  // namespace brink::cli
