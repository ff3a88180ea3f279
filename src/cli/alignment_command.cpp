// brink alignment: how the noise lies to the curvature, and how fast SGD leaves a minimum above its threshold.

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/data/npy.hpp"
#include "brink/report/alignment_report.hpp"
#include "brink/stability/transfer_basis.hpp"
#include "command.hpp"
#include "console.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "option_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct AlignmentSection {
  std::string direction;
  std::int64_t mode = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("direction", self.direction, "also the alignment along this direction of the parameters",
          "a file (p,), .npy");
    field("mode", self.mode, "also the alignment along this eigenvector of H, 1 the most curved",
          "an integer in 1 … rank");
  }
};

struct AlignmentFlags {
  ModelFlags model;
  GridFlags grid;
  SectionFlags alignment;
  SectionFlags simulation;
  CommonFlags common;
};

NoiseSource noise_source(const BatchLaw& law) {
  return law.fresh_gaussian_rows() ? NoiseSource::gaussian_rows : NoiseSource::samples;
}

/// The direction of --direction or --mode in the eigenbasis of H.
std::optional<DirectionRow> given_direction(const LinearizedModel& model, const AlignmentSection& section) {
  constexpr const char* line = "command line";
  const auto source = model.has_samples() ? NoiseSource::samples : NoiseSource::gaussian_rows;
  if (section.mode != 0) {
    check_argument(section.direction.empty(), line, "--mode", section.mode, "either --mode or --direction");
    check_argument(section.mode >= 1 && section.mode <= model.rank(), line, "--mode", section.mode,
                   "an integer in 1.." + std::to_string(model.rank()));
    return DirectionRow{"mode " + std::to_string(section.mode),
                        loss_alignment(model, Vector(Vector::Unit(model.rank(), section.mode - 1)), source), 0};
  }
  if (section.direction.empty()) return std::nullopt;
  const Matrix& basis = model.basis();
  check_argument(basis.size() != 0, line, "--direction", section.direction,
                 "a model in parameter space; here only its Gram matrix or spectrum is known, use --mode");
  const NpyArray array = read_npy(section.direction);
  check_argument(array.values.size() == basis.rows(), line, "--direction",
                 section.direction + " of shape " + shape_text(array.header.shape),
                 "one number for each of the " + std::to_string(basis.rows()) + " parameters");
  const Vector given = Eigen::Map<const Vector>(array.values.data(), array.values.size());
  const double scale = given.cwiseAbs().maxCoeff();
  check_argument(scale > 0, line, "--direction", section.direction + ", all zero", "a direction that is not zero");
  const Vector direction = given / scale;
  const Vector x = basis.transpose() * direction;
  const double outside = (direction - basis * x).squaredNorm() / direction.squaredNorm();
  check_argument(outside < 1 - 1e-12, line, "--direction", section.direction + ", outside the range of H",
                 "a direction in which some sample has curvature");
  return DirectionRow{section.direction, loss_alignment(model, x, source), outside};
}

/// What one cell shares between its step sizes.
AlignmentRow prepare(const LinearizedModel& model, const Cell& cell, TransferBasis* basis) {
  const auto rule = make_update_rule(cell.rule, cell.parameters);
  const auto law = make_batch_law(cell.sampling);
  AlignmentRow row;
  row.cell = cell;
  row.threshold = mean_square_threshold(model, *rule, *law, cell.batch_size, basis);
  if (row.threshold.critical_mode.size() != 0) {
    row.critical = loss_alignment(model, row.threshold.critical_mode, noise_source(*law));
    // Large numbers a row that nobody reads any more.
    row.threshold.critical_mode.resize(0, 0);
    row.threshold.critical_blocks.resize(0, 0);
  }
  row.bound = escape_bound(model, *rule, *law, cell.batch_size);
  return row;
}

EscapeRow escape(const LinearizedModel& model, const Cell& cell, double eta, const SimulationSection& simulation,
                 const Monitor& monitor) {
  const Dynamics dynamics{make_update_rule(cell.rule, cell.parameters), make_batch_law(cell.sampling), cell.batch_size,
                          eta, simulation.seed};
  EscapeRow row;
  row.eta = eta;
  row.exact = mean_square_growth(model, *dynamics.rule, *dynamics.law, cell.batch_size, eta);
  row.exact.mode.resize(0, 0);
  const auto engine = make_linear_engine(model, dynamics);
  SimulationOptions options;
  options.replicas = simulation.replicas;
  options.steps = simulation.steps;
  options.burn_in = simulation.burn_in;
  row.measured = cloning_growth(*engine, dynamics, options, monitor);
  row.measured.trace.clear();
  try {
    row.trajectory = trajectory_alignment(model, *engine, noise_source(*dynamics.law),
                                          {simulation.steps, simulation.burn_in}, {{}, monitor.interrupted});
  } catch (const NotConverged& failure) {
    // A trajectory that ends in the minimum has no alignment; growth at this step size is no less known for it.
    row.trajectory_reason = failure.what();
  }
  return row;
}

std::vector<AlignmentRow> compute(const LinearizedModel& model, const std::vector<Cell>& cells, const GridSection& grid,
                                  const SimulationSection& simulation, int threads, const Monitor& monitor) {
  std::unique_ptr<TransferBasis> basis;
  if (model.has_samples()) basis = std::make_unique<TransferBasis>(model);
  struct Task {
    std::size_t row;
    std::size_t place;
    double eta;
  };
  std::vector<AlignmentRow> rows;
  std::vector<Task> tasks;
  for (const Cell& cell : cells) {
    monitor.check();
    rows.push_back(prepare(model, cell, basis.get()));
    const auto etas = step_sizes(model, cell, grid);
    for (std::size_t i = 0; i < etas.size(); ++i) tasks.push_back({rows.size() - 1, i, etas[i]});
    rows.back().escape.resize(etas.size());
  }
  std::mutex mutex;
  std::vector<double> fractions(tasks.size(), 0.0);
  double sum = 0;
  parallel_for(static_cast<std::int64_t>(tasks.size()), threads, [&](std::int64_t index) {
    const auto i = static_cast<std::size_t>(index);
    monitor.check();
    const auto report = [&](double fraction) {
      const std::lock_guard lock(mutex);
      sum += fraction - fractions[i];
      fractions[i] = fraction;
      monitor.report(sum / static_cast<double>(tasks.size()));
    };
    const Monitor own = {[&](double fraction) { report(0.9 * fraction); }, monitor.interrupted};
    AlignmentRow& row = rows[tasks[i].row];
    row.escape[tasks[i].place] = escape(model, row.cell, tasks[i].eta, simulation, own);
    report(1);
  });
  return rows;
}

/// Exact growth from the smallest to the largest step size, for the figure.
void add_curves(const LinearizedModel& model, std::vector<AlignmentRow>& rows, const Monitor& monitor) {
  constexpr int kPoints = 49;
  std::unique_ptr<TransferBasis> basis;
  if (model.has_samples()) basis = std::make_unique<TransferBasis>(model);
  for (AlignmentRow& row : rows) {
    if (row.escape.size() < 2) continue;
    const auto [low, high] = std::minmax_element(row.escape.begin(), row.escape.end(),
                                                 [](const auto& a, const auto& b) { return a.eta < b.eta; });
    const auto rule = make_update_rule(row.cell.rule, row.cell.parameters);
    const auto law = make_batch_law(row.cell.sampling);
    for (int i = 1; i < kPoints - 1; ++i) {
      monitor.check();
      const double eta = low->eta * std::pow(high->eta / low->eta, static_cast<double>(i) / (kPoints - 1));
      row.curve.emplace_back(eta,
                             mean_square_growth(model, *rule, *law, row.cell.batch_size, eta, basis.get()).log_growth);
    }
  }
}

void check_simulation(const SimulationSection& simulation) {
  check_argument(simulation.method == "cloning", "simulation", "method", simulation.method, "cloning for alignment");
  check_argument(simulation.moment == 2, "simulation", "moment", simulation.moment, "2 for alignment");
  check_argument(simulation.replicas >= 2, "simulation", "replicas", simulation.replicas, "an integer >= 2");
  check_argument(simulation.steps >= 2 * kTimeBatches, "simulation", "steps", simulation.steps,
                 "an integer >= " + std::to_string(2 * kTimeBatches));
  check_argument(simulation.burn_in >= 0, "simulation", "burn_in", simulation.burn_in, "an integer >= 0");
}

int run_alignment(const AlignmentFlags& flags) {
  const Configuration configuration = flags.model.configuration();
  GridOptions options;
  SimulationSection simulation;
  options.read(configuration);
  read_section(configuration, "simulation", simulation);
  flags.grid.apply(options);
  flags.simulation.apply(simulation);
  if (flags.common.seed) simulation.seed = *flags.common.seed;
  check_simulation(simulation);
  check_step_sizes(options.grid);
  AlignmentSection section;
  flags.alignment.apply(section);
  check_argument(section.mode >= 0, "command line", "--mode", section.mode, "an integer in 1 … rank");
  const LoadedModel model = load_configured_model(configuration);
  const auto cells = make_cells(options, model.model);
  const auto direction = given_direction(model.model, section);

  std::optional<Run> directory;
  if (flags.common.out) {
    OptionTable grid = write_options(options.grid);
    grid.merge(write_options(section));
    directory.emplace(*flags.common.out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", write_options(options.batch)},
                               {"grid", grid},
                               {"simulation", write_options(simulation)}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  announce(console, model);
  console.start("alignment");
  auto rows = compute(model.model, cells, options.grid, simulation, flags.common.threads, console.monitor());
  if (directory) add_curves(model.model, rows, console.monitor());
  console.finish();

  Output output{alignment_json(model, direction, rows), alignment_table(rows)};
  std::vector<std::pair<std::string, Table>> tables = {{"alignment", output.table}};
  if (direction) {
    tables.emplace_back("direction", direction_table(*direction));
    output.text = to_text(output.table) + "\n" + to_text(tables.back().second);
  }
  if (directory) {
    draw_figures(directory->directory(), alignment_figures(rows), console);
    directory->finish(output.json, tables, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_alignment_command(CLI::App& program) {
  auto flags = std::make_shared<AlignmentFlags>();
  CLI::App* app = program.add_subcommand("alignment",
                                         "how gradient noise lies to the curvature, and how fast SGD escapes: exact, "
                                         "measured, bound");
  flags->model.add(*app);
  flags->grid.add(*app);
  flags->alignment.add<AlignmentSection>(*app);
  flags->simulation.add<SimulationSection>(*app, {{"method", ""}, {"moment", ""}, {"seed", ""}});
  add_common_flags(*app, flags->common);
  app->footer(
      "Reports mu = tr(S1 H)/(2 L |H|^2), its direction alignment and magnitude, at the critical mode of every cell,\n"
      "along --direction or --mode, and for every --eta on average along a trajectory; and the growth of the loss at\n"
      "every --eta: exact, measured by cloning, and the lower bound of Wu, Wang & Su 2022. --out DIR draws two "
      "figures.\n\n"
      "Examples:\n"
      "  brink alignment --jacobian J.npy --batch 1,4 --mode 1\n"
      "  brink alignment --jacobian J.npy --direction d.npy --eta 0.1,0.2 --out runs/alignment\n"
      "  brink alignment --config model.toml --batch 8 --eta 0.5 --format json");
  return [flags] { return run_alignment(*flags); };
}

}  // namespace brink::cli
