// brink sweep: phase diagrams over two of step size, batch size and momentum.

#include <fmt/format.h>

#include <memory>

#include "brink/report/append_log.hpp"
#include "brink/report/checkpoint.hpp"
#include "brink/report/phase_report.hpp"
#include "cell_ranks.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "model_flags.hpp"
#include "sweep_job.hpp"

namespace brink::cli {
namespace {

struct SweepFlags {
  std::string config;
  std::string shard;
  CommonFlags common;
};

/// runs/NAME, or runs/NAME-k-of-N for a shard.
std::filesystem::path sweep_directory(const Configuration& configuration, const std::optional<Shard>& shard) {
  std::string name = configuration.name;
  if (shard) name += fmt::format("-{}-of-{}", shard->number + 1, shard->count);
  return std::filesystem::path("runs") / name;
}

/// What the checkpoint holds for this build; an empty one, started anew, otherwise.
PhaseCells kept_cells(AppendLog& log, bool force) {
  const std::string header = checkpoint_header(running_build());
  if (!force && !log.lines().empty() && log.lines().front() == header) return read_sweep_checkpoint(log.lines()).cells;
  log.clear();
  log.append(header);
  return {};
}

int run_sweep(const SweepFlags& flags) {
  const Configuration configuration = read_configuration(flags.config);
  std::optional<Shard> shard;
  if (!flags.shard.empty()) shard = parse_shard(flags.shard, "--shard");
  const LoadedModel model = load_configured_model(configuration);
  std::optional<Index> samples;
  if (model.model.has_samples()) samples = model.model.samples().samples;
  SweepJob job = read_sweep_job(configuration, flags.common.seed, samples);
  job.plan.threads = flags.common.threads;
  check_plan(job.plan, model);
  CellRanks ranks;
  if (ranks.is_worker()) {
    ranks.serve(model, job.plan, {{}, interrupt_requested});
    return kDone;
  }

  Sections sections = job.sections;
  sections["model"] = model.resolved;
  if (shard) sections["sweep"]["shard"] = shard_text(*shard);
  Run run(flags.common.out.value_or(sweep_directory(configuration, shard)), sections, flags.common.force);
  Console console(flags.common.quiet);
  announce(console, model);
  AppendLog log(run.directory().checkpoint_log());
  PhaseCells known = kept_cells(log, flags.common.force);
  if (!known.empty())
    console.note(fmt::format("taking up {} finished cells of {} (--force starts over)", known.size(),
                             run.directory().path().string()));
  const PhaseGrid grid(job.plan);
  console.start(fmt::format("sweep: {} lines of {} cells", grid.lines(), grid.line_length()));
  const Monitor monitor = console.monitor();
  const PhaseCells cells = compute_phase_diagram(
      model, job.plan, std::move(known), shard.value_or(Shard{}), monitor,
      [&](Index cell, const PhaseCell& value) { log.append(phase_record(cell, value)); },
      ranks.workers(model, job.plan, monitor));
  console.finish();

  const std::string model_json = phase_model_json(model);
  if (!shard) {
    finish_sweep(run, console, model_json, job.plan, cells, flags.common.format);
    return kDone;
  }
  const std::string json = phase_shard_json(model_json, *shard, cells);
  run.finish(json, {}, job.plan.threads);
  console.note("run: " + run.directory().path().string());
  Table table({{"shard"}, {"cells_computed"}});
  table.add_row({shard_text(*shard), static_cast<std::int64_t>(cells.size())});
  write_output({json, table}, flags.common.format);
  return kDone;
}

}  // namespace

Action add_sweep_command(CLI::App& program) {
  auto flags = std::make_shared<SweepFlags>();
  CLI::App* app = program.add_subcommand("sweep", "phase diagrams over two of step size, batch size and momentum");
  app->add_option("config", flags->config, "configuration, TOML, with a section [sweep]")
      ->required()
      ->type_name("CONFIG");
  app->add_option("--shard", flags->shard,
                  "computes lines k, k+N, k+2N, ... of the diagram alone: N such runs, anywhere, are joined by merge")
      ->type_name("k/N");
  add_common_flags(*app, flags->common);
  app->footer(
      "Every finished cell is kept at once: the same command goes on after an interruption or a crash, with the same\n"
      "result to the last byte. --out defaults to runs/NAME, of a shard to runs/NAME-k-of-N.\n\n"
      "Examples:\n"
      "  brink sweep analysis/phase_diagram.toml\n"
      "  mpirun -np 8 brink sweep my.toml --threads 1\n"
      "  brink sweep my.toml --shard 3/16            # in a job array\n"
      "  brink merge runs/my runs/my-*-of-16");
  return [flags] { return run_sweep(*flags); };
}

}  // namespace brink::cli
