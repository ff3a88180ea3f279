// brink simulate: growth of noisy trajectories of the linearized model.

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include "brink/base/parallel.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/report/simulation_figures.hpp"
#include "command.hpp"
#include "console.hpp"
#include "epoch_section.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"
#include "simulation_job.hpp"

namespace brink::cli {
namespace {

struct SimulateFlags {
  ModelFlags model;
  GridFlags grid;
  SectionFlags simulation;
  SectionFlags epoch;
  SectionFlags section;
  CommonFlags common;
};

/// Differences between neighbouring step sizes of a cell, which ran with common random numbers.
void add_differences(std::vector<SimulationRow>& rows, const std::vector<SimulationTask>& tasks) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].growth || rows[i].method != "cloning") continue;
    // Controls are nested in step sizes: the previous step size lies as many rows back as there are controls.
    for (std::size_t before = i; before-- > 0 && tasks[before].cell_number == tasks[i].cell_number;) {
      if (tasks[before].control != tasks[i].control) continue;
      rows[i].difference = growth_difference(*rows[before].growth, *rows[i].growth);
      rows[i].difference_from = rows[before].eta;
      break;
    }
  }
}

std::vector<SimulationRow> simulate_all(const LinearizedModel& model, const std::vector<SimulationTask>& tasks,
                                        const SimulationSection& simulation, const SimulateSection& section,
                                        LastBatch last_batch, int threads, const Monitor& monitor) {
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
    rows[i] = simulate(model, tasks[i], simulation, section, last_batch, own);
    report(i, 1);
  });
  add_differences(rows, tasks);
  return rows;
}

int run_simulate(const SimulateFlags& flags) {
  const Configuration configuration = flags.model.configuration();
  GridOptions options;
  SimulationSection simulation;
  options.read(configuration);
  read_section(configuration, "simulation", simulation);
  flags.grid.apply(options);
  flags.simulation.apply(simulation);
  if (flags.common.seed) simulation.seed = *flags.common.seed;
  check_step_sizes(options.grid);
  check_argument(!options.grid.eta.empty() || !options.grid.eta_over_threshold.empty(), "command line", "--eta", "none",
                 "at least one step size");
  EpochSection epoch;
  flags.epoch.apply(epoch);
  const auto& samplings = options.batch.sampling;
  SimulateSection section;
  flags.section.apply(section);
  const auto is_order = [](const std::string& control) {
    return control == "fixed-batches" || control == "cyclic" || control == "reshuffled";
  };
  const bool shuffles = std::find(samplings.begin(), samplings.end(), kReshuffled) != samplings.end() ||
                        std::any_of(section.control.begin(), section.control.end(), is_order);
  const LastBatch last_batch = epoch.checked(shuffles);
  const LoadedModel model = load_configured_model(configuration);
  check_simulation(simulation, section, samplings, model.model);
  std::vector<SimulationTask> tasks;
  std::size_t cell_number = 0;
  for (const auto& cell : make_cells(options, model.model, {}, true)) {
    for (const double eta : step_sizes(model.model, cell, options.grid)) {
      for (const auto& control : section.control) tasks.push_back({cell, eta, control, cell_number});
    }
    ++cell_number;
  }

  std::optional<Run> directory;
  if (flags.common.out) {
    OptionTable batch = write_options(options.batch);
    if (shuffles) batch.merge(write_options(epoch));
    OptionTable resolved = write_options(simulation);
    resolved.merge(write_options(section));
    directory.emplace(*flags.common.out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", batch},
                               {"grid", write_options(options.grid)},
                               {"simulation", resolved}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  announce(console, model);
  console.start("simulate");
  const auto rows =
      simulate_all(model.model, tasks, simulation, section, last_batch, flags.common.threads, console.monitor());
  console.finish();

  const Output output{simulation_json(model, rows), simulation_table(rows)};
  if (directory) {
    draw_figures(directory->directory(), simulation_figures(rows), console);
    directory->finish(output.json, {{"growth", output.table}}, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_simulate_command(CLI::App& program) {
  auto flags = std::make_shared<SimulateFlags>();
  CLI::App* app = program.add_subcommand("simulate",
                                         "noisy trajectories of the linearized model: growth of moments, "
                                         "Lyapunov exponent, escape times, heavy tails, controls");
  flags->model.add(*app);
  flags->grid.add(*app);
  flags->simulation.add<SimulationSection>(*app, {{"seed", ""}});
  flags->epoch.add<EpochSection>(*app);
  flags->section.add<SimulateSection>(*app);
  add_common_flags(*app, flags->common);
  app->footer(
      "--sampling reshuffled runs whole epochs: every epoch shuffles the samples and takes batch after batch. --steps "
      "and\n"
      "--burn-in are rounded up to whole epochs (cloning: at least 64); growth is still per step.\n\n"
      "--control replaces the noise (gaussian-noise: same covariance; isotropic: same strength; frozen: that of the "
      "start) or\n"
      "the order of the batches (fixed-batches, cyclic, reshuffled).\n"
      "--method escape: first passage of the loss over --escape-level, within --steps. --method tail: index of the\n"
      "power-law tail of the stationary law, needs gradient noise. --method horizon: plain average against cloning.\n"
      "--method trajectories: median, band and mean of the loss, and its exact expectation. --method mixing: how fast "
      "the\n"
      "stationary state forgets, needs gradient noise.\n\n"
      "Examples:\n"
      "  brink simulate --jacobian J.npy --batch 1 --eta 0.65\n"
      "  brink simulate --jacobian J.npy --rule heavy-ball --momentum 0.9 --batch 4 --eta 0.1,0.2 --method lyapunov\n"
      "  brink simulate --config model.toml --eta 0.5 --moment 4 --replicas 16384 --format csv\n"
      "  brink simulate --jacobian J.npy --eta 0.5 --control none,gaussian-noise,isotropic,frozen\n"
      "  brink simulate --jacobian J.npy --eta 0.5,0.6 --method escape --out runs/escape\n"
      "  brink simulate --jacobian J.npy --gradient-noise b.npy --eta 0.3 --method tail --replicas 64 --steps 20000\n"
      "  brink simulate --jacobian J.npy --eta 0.5 --method horizon --steps 200 --out runs/horizon");
  return [flags] { return run_simulate(*flags); };
}

}  // namespace brink::cli
