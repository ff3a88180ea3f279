// brink merge: the shards of a sweep become the run that the sweep would have been.

#include <fmt/format.h>

#include <map>
#include <memory>

#include "brink/base/error.hpp"
#include "brink/report/append_log.hpp"
#include "brink/report/atomic_file.hpp"
#include "brink/report/phase_report.hpp"
#include "command.hpp"
#include "sweep_job.hpp"

namespace brink::cli {
namespace {

struct MergeFlags {
  std::string out;
  std::vector<std::string> shards;
  bool force = false;
  bool quiet = false;
  Format format = Format::table;
};

/// One shard as its directory holds it.
struct ShardRun {
  std::string path;
  Shard shard;
  Configuration configuration;  ///< of the whole sweep
  std::string model;            ///< the object "model" of its result
  SweepCheckpoint checkpoint;
};

[[noreturn]] void refuse(const std::string& path, const std::string& allowed) {
  fail_argument("merge", "shard", path, allowed);
}

ShardRun read_shard(const std::string& path) {
  const RunDirectory directory = RunDirectory::existing(path);
  ShardRun run;
  run.path = path;
  run.configuration = read_configuration(directory.path() / "config.toml");
  OptionTable& sweep = run.configuration.sections["sweep"];
  const auto shard = sweep.find("shard");
  if (shard == sweep.end()) refuse(path, "the run of sweep --shard");
  const auto* text = std::get_if<std::string>(&shard->second);
  if (text == nullptr) refuse(path, "the run of sweep --shard");
  run.shard = parse_shard(*text, "shard of " + path);
  sweep.erase(shard);
  if (!directory.complete())
    refuse(path, fmt::format("a finished shard: shard {} has no result.json", shard_text(run.shard)));
  run.model = model_of_result(read_file(directory.path() / "result.json"));
  run.checkpoint = read_sweep_checkpoint(read_log(read_file(directory.checkpoint_log())));
  return run;
}

/// Throws InvalidInput unless the shards are all parts of one sweep, each once.
void check_shards(const std::vector<ShardRun>& runs) {
  const ShardRun& first = runs.front();
  std::map<Index, std::string> parts;
  for (const ShardRun& run : runs) {
    if (run.shard.count != first.shard.count)
      refuse(run.path, fmt::format("a shard of {} as {} is", first.shard.count, first.path));
    if (write_configuration(run.configuration.sections) != write_configuration(first.configuration.sections))
      refuse(run.path, fmt::format("a shard of the same configuration as {}", first.path));
    if (run.model != first.model) refuse(run.path, fmt::format("a shard of the same model as {}", first.path));
    if (run.checkpoint.build != first.checkpoint.build)
      refuse(run.path, fmt::format("a shard computed by the same build as {}", first.path));
    const auto [other, is_new] = parts.emplace(run.shard.number, run.path);
    if (!is_new)
      refuse(run.path, fmt::format("each shard once: {} is shard {} too", other->second, shard_text(run.shard)));
  }
  for (Index number = 0; number < first.shard.count; ++number) {
    if (parts.count(number) == 0)
      refuse(shard_text({number, first.shard.count}), "every shard of the sweep: this one is missing");
  }
}

int run_merge(const MergeFlags& flags) {
  std::vector<ShardRun> runs;
  for (const auto& path : flags.shards) runs.push_back(read_shard(path));
  check_shards(runs);
  const Configuration& configuration = runs.front().configuration;
  SweepJob job = read_sweep_job(configuration, {}, {});
  PhaseCells cells;
  for (const ShardRun& one : runs) {
    if (!wanted_cells(job.plan, one.checkpoint.cells, one.shard).empty())
      refuse(one.path, fmt::format("a finished shard: cells of shard {} are missing", shard_text(one.shard)));
    cells.insert(one.checkpoint.cells.begin(), one.checkpoint.cells.end());
  }

  Run run(flags.out, configuration.sections, flags.force);
  Console console(flags.quiet);
  AppendLog log(run.directory().checkpoint_log());
  log.clear();
  log.append(checkpoint_header(runs.front().checkpoint.build));
  for (const auto& [cell, value] : cells) log.append(phase_record(cell, value));
  finish_sweep(run, console, runs.front().model, job.plan, cells, flags.format);
  return kDone;
}

}  // namespace

Action add_merge_command(CLI::App& program) {
  auto flags = std::make_shared<MergeFlags>();
  CLI::App* app = program.add_subcommand("merge", "joins the shards of a sweep into the run it would have been");
  app->add_option("out", flags->out, "run directory of the whole sweep")->required()->type_name("OUT");
  app->add_option("shards", flags->shards, "run directories of sweep --shard, every one once, in any order")
      ->required()
      ->type_name("SHARD");
  add_format_flag(*app, flags->format);
  app->add_flag("--force", flags->force, "replace a run of another configuration in OUT");
  app->add_flag("--quiet", flags->quiet, "no notes on standard error");
  app->footer(
      "The result, tables and figure data are those of the sweep without --shard, to the last byte. Shards that are\n"
      "unfinished, missing, of another configuration, model or build are refused by name.\n\n"
      "Example:\n"
      "  brink merge runs/my runs/my-*-of-16");
  return [flags] { return run_merge(*flags); };
}

}  // namespace brink::cli
