// brink simulate: growth of noisy trajectories of the linearized model.

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include "brink/base/parallel.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/simulation/reshuffled_engine.hpp"
#include "command.hpp"
#include "console.hpp"
#include "epoch_section.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct Flags {
  ModelFlags model;
  GridFlags grid;
  SectionFlags simulation;
  SectionFlags epoch;
  CommonFlags common;
};

void check_simulation(const SimulationSection& simulation) {
  const auto& s = simulation;
  check_argument(s.method == "cloning" || s.method == "ensemble" || s.method == "lyapunov", "simulation", "method",
                 s.method, "cloning, ensemble or lyapunov");
  check_argument(s.moment > 0 && std::isfinite(s.moment), "simulation", "moment", s.moment, "a number > 0");
  check_argument(s.replicas >= 2, "simulation", "replicas", s.replicas, "an integer >= 2");
  check_argument(s.steps >= 1, "simulation", "steps", s.steps, "an integer >= 1");
  check_argument(s.burn_in >= 0, "simulation", "burn_in", s.burn_in, "an integer >= 0");
}

/// Estimators count epochs where a step of the engine is one; a row counts steps.
void per_step(std::optional<GrowthEstimate>& growth, Index steps) {
  if (!growth) return;
  const auto count = static_cast<double>(steps);
  growth->log_growth.value /= count;
  growth->log_growth.error /= count;
  growth->bias_correction /= count;
  growth->horizon *= count;
  for (auto& warning : growth->log_growth.warnings) warning += " (counted in epochs)";
}

SimulationRow simulate(const LinearizedModel& model, const Cell& cell, double eta, const SimulationSection& simulation,
                       LastBatch last_batch, const Monitor& monitor) {
  const Dynamics dynamics{make_update_rule(cell.rule, cell.parameters), nearest_law(cell.sampling), cell.batch_size,
                          eta, simulation.seed};
  SimulationRow row;
  row.cell = cell;
  row.eta = eta;
  row.moment = simulation.moment;
  row.method = simulation.method;
  SimulationOptions options;
  options.replicas = simulation.replicas;
  options.steps = simulation.steps;
  options.burn_in = simulation.burn_in;
  options.moment = simulation.moment;
  std::unique_ptr<Engine> engine;
  if (cell.sampling == kReshuffled) {
    row.epoch = Epoch{model.samples().samples, cell.batch_size, last_batch};
    engine = make_reshuffled_engine(model, *row.epoch, dynamics);
    const Index steps = row.epoch->steps();
    options.steps = (simulation.steps + steps - 1) / steps;
    if (simulation.method == "cloning") options.steps = std::max<Index>(options.steps, 2 * kTimeBatches);
    options.burn_in = (simulation.burn_in + steps - 1) / steps;
  } else {
    engine = make_linear_engine(model, dynamics);
  }
  if (simulation.method == "cloning") row.growth = cloning_growth(*engine, dynamics, options, monitor);
  if (simulation.method == "ensemble") row.growth = ensemble_growth(*engine, dynamics, options, monitor);
  if (simulation.method == "lyapunov") row.lyapunov = lyapunov_exponent(*engine, dynamics, options, monitor);
  if (row.epoch) {
    per_step(row.growth, row.epoch->steps());
    per_step(row.lyapunov, row.epoch->steps());
  }
  return row;
}

struct Task {
  Cell cell;
  double eta = 0;
};

std::vector<SimulationRow> simulate_all(const LinearizedModel& model, const std::vector<Task>& tasks,
                                        const SimulationSection& simulation, LastBatch last_batch, int threads,
                                        const Monitor& monitor) {
  std::vector<SimulationRow> rows(tasks.size());
  std::vector<double> fractions(tasks.size(), 0.0);
  std::mutex mutex;
  const auto report = [&](std::size_t i, double fraction) {
    const std::lock_guard lock(mutex);
    fractions[i] = fraction;
    double sum = 0;
    for (const double f : fractions) sum += f;
    monitor.report(sum / static_cast<double>(tasks.size()));
  };
  parallel_for(static_cast<std::int64_t>(tasks.size()), threads, [&](std::int64_t index) {
    const auto i = static_cast<std::size_t>(index);
    monitor.check();
    const Monitor own = {[&, i](double fraction) { report(i, fraction); }, monitor.interrupted};
    rows[i] = simulate(model, tasks[i].cell, tasks[i].eta, simulation, last_batch, own);
    report(i, 1);
  });
  return rows;
}

int run(const Flags& flags) {
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
  check_argument(!options.grid.eta.empty() || !options.grid.eta_over_threshold.empty(), "command line", "--eta", "none",
                 "at least one step size");
  EpochSection epoch;
  flags.epoch.apply(epoch);
  const auto& samplings = options.batch.sampling;
  const bool shuffles = std::find(samplings.begin(), samplings.end(), kReshuffled) != samplings.end();
  const LastBatch last_batch = epoch.checked(shuffles);
  const LoadedModel model = load_configured_model(configuration);
  std::vector<Task> tasks;
  for (const auto& cell : make_cells(options, model.model, {}, true)) {
    for (const double eta : step_sizes(model.model, cell, options.grid)) tasks.push_back({cell, eta});
  }

  std::optional<Run> directory;
  if (flags.common.out) {
    OptionTable batch = write_options(options.batch);
    if (shuffles) batch.merge(write_options(epoch));
    directory.emplace(*flags.common.out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", batch},
                               {"grid", write_options(options.grid)},
                               {"simulation", write_options(simulation)}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  announce(console, model);
  console.start("simulate");
  const auto rows = simulate_all(model.model, tasks, simulation, last_batch, flags.common.threads, console.monitor());
  console.finish();

  const Output output{simulation_json(model, rows), simulation_table(rows)};
  if (directory) directory->finish(output.json, {{"growth", output.table}}, flags.common.threads);
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_simulate_command(CLI::App& program) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = program.add_subcommand("simulate",
                                         "noisy trajectories of the linearized model: growth of moments, "
                                         "Lyapunov exponent");
  flags->model.add(*app);
  flags->grid.add(*app);
  flags->simulation.add<SimulationSection>(*app, {{"seed", ""}});
  flags->epoch.add<EpochSection>(*app);
  add_common_flags(*app, flags->common);
  app->footer(
      "--sampling reshuffled runs whole epochs: every epoch shuffles the samples and takes batch after batch. --steps "
      "and\n"
      "--burn-in are rounded up to whole epochs (cloning: at least 64); growth is still per step.\n\n"
      "Examples:\n"
      "  brink simulate --jacobian J.npy --batch 1 --eta 0.65\n"
      "  brink simulate --jacobian J.npy --rule heavy-ball --momentum 0.9 --batch 4 --eta 0.1,0.2 --method lyapunov\n"
      "  brink simulate --config model.toml --eta 0.5 --moment 4 --replicas 16384 --format csv");
  return [flags] { return run(*flags); };
}

}  // namespace brink::cli
