#include "sweep_job.hpp"

#include <fmt/format.h>

#include <charconv>

#include "brink/base/error.hpp"
#include "brink/report/phase_report.hpp"
#include "sections.hpp"

namespace brink::cli {
namespace {

constexpr double kLargestMomentum = 0.95;
constexpr std::string_view kHeader = "brink.sweep-checkpoint/1 ";

void check_names(const std::vector<std::string>& names, const std::vector<std::string>& known, const char* key,
                 const std::string& allowed) {
  for (const auto& name : names) check_argument(contains(known, name), "[sweep]", key, name, allowed);
}

GridAxis read_axis(const std::string& quantity, std::vector<double>& range, std::int64_t cells, std::string& scale,
                   const char* side, std::optional<Index> samples) {
  check_names({quantity}, {"eta", "batch", "momentum"}, side, "one of eta, batch, momentum");
  if (scale.empty()) scale = quantity == "momentum" ? "linear" : "log";
  check_names({scale}, {"linear", "log"}, (std::string(side) + "_scale").c_str(), "linear or log");
  if (range.empty() && quantity == "momentum") range = {0, kLargestMomentum};
  if (range.empty() && quantity == "batch" && samples) range = {1, static_cast<double>(*samples)};
  check_argument(range.size() == 2, "[sweep]", std::string(side) + "_range", fmt::format("{} numbers", range.size()),
                 "two numbers, the smaller one first");
  return make_axis(quantity, range[0], range[1], cells, scale == "log");
}

template <class Value>
std::vector<double> as_doubles(const std::vector<Value>& values) {
  return {values.begin(), values.end()};
}

/// The values of the quantity on no axis; a list for a quantity that is on an axis is refused.
std::vector<double> third_values(const PhasePlan& plan, const OptimizerSection& optimizer, const BatchSection& batch,
                                 const GridSection& grid) {
  const auto values_of = [&](const std::string& quantity) {
    return quantity == "eta" ? grid.eta : quantity == "batch" ? as_doubles(batch.size) : optimizer.momentum;
  };
  for (const auto* axis : {&plan.x, &plan.y})
    check_argument(values_of(axis->quantity).empty(), "[sweep]", axis->quantity, "a list outside of [sweep] too",
                   "the range of its axis alone");
  std::vector<double> values = values_of(plan.third_quantity());
  if (values.empty() && plan.third_quantity() == "batch") values = {1};
  if (values.empty() && plan.third_quantity() == "momentum") values = {plan.rule == "sgd" ? 0 : kUsualMomentum};
  check_argument(!values.empty(), "[grid]", "eta", "an empty list", "at least one value: it is on no axis");
  return values;
}

std::string summary(const PhasePlan& plan, const PhaseCells& cells) {
  const PhaseGrid grid(plan);
  Index stable = 0;
  Index unknown = 0;
  for (const Index source : inherited_from(plan, cells)) {
    const PhaseCell& cell = cells.at(source);
    if (!cell.stable) {
      ++unknown;
    } else if (*cell.stable) {
      ++stable;
    }
  }
  std::string text =
      fmt::format("{} x {} cells of {} and {}, {} panel{}: {} computed, {:.1f}% mean-square stable\n", grid.columns(),
                  grid.rows(), plan.x.quantity, plan.y.quantity, grid.panels(), grid.panels() == 1 ? "" : "s",
                  cells.size(), 100.0 * static_cast<double>(stable) / static_cast<double>(grid.cells()));
  if (unknown > 0) text += fmt::format("{} cells without exact growth: see reason in the JSON\n", unknown);
  return text;
}

}  // namespace

SweepJob read_sweep_job(const Configuration& configuration, std::optional<std::uint64_t> seed,
                        std::optional<Index> samples) {
  check_argument(configuration.sections.count("sweep") == 1, configuration.name, "[sweep]", "missing",
                 "a section [sweep]");
  OptimizerSection optimizer;
  BatchSection batch;
  GridSection grid;
  SimulationSection simulation;
  SweepSection sweep;
  batch.size.clear();
  read_section(configuration, "optimizer", optimizer);
  read_section(configuration, "batch", batch);
  read_section(configuration, "grid", grid);
  read_section(configuration, "simulation", simulation);
  read_section(configuration, "sweep", sweep);
  if (seed) simulation.seed = *seed;
  check_argument(optimizer.rule.size() == 1, "[optimizer]", "rule", fmt::format("{} rules", optimizer.rule.size()),
                 "one rule: another one is another sweep");
  check_argument(batch.sampling.size() == 1, "[batch]", "sampling", fmt::format("{} laws", batch.sampling.size()),
                 "one law: another one is another sweep");
  check_argument(grid.eta_over_threshold.empty(), "[grid]", "eta_over_threshold", "given",
                 "absolute step sizes in a sweep");
  check_argument(simulation.method == "cloning", "[simulation]", "method", simulation.method,
                 "cloning: [sweep] quantities says what is measured");
  check_argument(simulation.moment == 2, "[simulation]", "moment", simulation.moment, "2 in a sweep");
  check_names(sweep.quantities, {"growth", "measured-growth", "lyapunov", "escape", "notions"}, "quantities",
              "names among growth, measured-growth, lyapunov, escape, notions");
  check_names(sweep.refine, {"growth", "lyapunov"}, "refine", "names among growth, lyapunov");

  SweepJob job;
  PhasePlan& plan = job.plan;
  plan.rule = optimizer.rule.front();
  plan.parameters = {0, optimizer.nu, optimizer.dampening, optimizer.weight_decay};
  plan.sampling = batch.sampling.front();
  plan.x = read_axis(sweep.x, sweep.x_range, sweep.x_cells, sweep.x_scale, "x", samples);
  plan.y = read_axis(sweep.y, sweep.y_range, sweep.y_cells, sweep.y_scale, "y", samples);
  check_argument(sweep.x != sweep.y, "[sweep]", "y", sweep.y, "another quantity than x");
  plan.third = third_values(plan, optimizer, batch, grid);
  plan.coarse = sweep.coarse;
  plan.refine_growth = contains(sweep.refine, "growth");
  plan.refine_lyapunov = contains(sweep.refine, "lyapunov");
  plan.measured_growth = contains(sweep.quantities, "measured-growth");
  plan.lyapunov = contains(sweep.quantities, "lyapunov");
  plan.escape = contains(sweep.quantities, "escape");
  plan.notions = contains(sweep.quantities, "notions");
  plan.replicas = simulation.replicas;
  plan.steps = simulation.steps;
  plan.burn_in = simulation.burn_in;
  plan.escape_level = sweep.escape_level;
  plan.seed = simulation.seed;

  if (plan.third_quantity() == "momentum") optimizer.momentum = plan.third;
  if (plan.third_quantity() == "batch") batch.size.assign(plan.third.begin(), plan.third.end());
  job.sections = {{"optimizer", write_options(optimizer)},
                  {"batch", write_options(batch)},
                  {"grid", write_options(grid)},
                  {"simulation", write_options(simulation)},
                  {"sweep", write_options(sweep)}};
  return job;
}

Shard parse_shard(const std::string& text, const std::string& origin) {
  Shard shard;
  const auto slash = text.find('/');
  const auto read = [](std::string_view digits, Index& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  const std::string_view view = text;
  const bool parsed = slash != std::string::npos && read(view.substr(0, slash), shard.number) &&
                      read(view.substr(slash + 1), shard.count);
  check_argument(parsed && shard.number >= 1 && shard.number <= shard.count, "command line", origin, text,
                 "k/N with integers 1 <= k <= N");
  --shard.number;
  return shard;
}

std::string shard_text(const Shard& shard) { return fmt::format("{}/{}", shard.number + 1, shard.count); }

std::string checkpoint_header(const std::string& build) { return std::string(kHeader) + build; }

SweepCheckpoint read_sweep_checkpoint(const std::vector<std::string>& lines) {
  SweepCheckpoint checkpoint;
  if (lines.empty() || lines.front().rfind(kHeader, 0) != 0) return checkpoint;
  checkpoint.build = lines.front().substr(kHeader.size());
  for (std::size_t i = 1; i < lines.size(); ++i) checkpoint.cells.insert(read_phase_record(lines[i]));
  return checkpoint;
}

void finish_sweep(Run& run, Console& console, const std::string& model, const PhasePlan& plan, const PhaseCells& cells,
                  Format format) {
  const Output output{phase_json(model, plan, cells), phase_table(plan, cells), summary(plan, cells)};
  draw_figures(run.directory(), phase_figures(plan, cells), console);
  run.finish(output.json, {{"cells", output.table}}, plan.threads);
  console.note("run: " + run.directory().path().string());
  write_output(output, format);
}

}  // namespace brink::cli
