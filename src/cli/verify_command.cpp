// brink verify: theory against simulation, the figure, the verdict.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "brink/report/checkpoint.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/json_report.hpp"
#include "brink/report/result_tables.hpp"
#include "brink/verification/verification.hpp"
#include "command.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

constexpr int kCurvePoints = 24;  // batch sizes of a theory curve, about evenly spaced in the logarithm

struct VerifyFlags {
  std::string config;
  double perturb_theory = 0;
  CommonFlags common;
};

struct VerifyJob {
  GridOptions grid;
  SimulationSection simulation;
  VerifySection verify;
};

VerifyJob read_job(const Configuration& configuration, const VerifyFlags& flags) {
  VerifyJob job;
  job.grid.read(configuration);
  read_section(configuration, "simulation", job.simulation);
  read_section(configuration, "verify", job.verify);
  if (flags.common.seed) job.simulation.seed = *flags.common.seed;
  check_step_sizes(job.grid.grid);
  return job;
}

VerificationPlan verification_plan(const VerifyJob& job, std::vector<Cell> cells, const VerifyFlags& flags) {
  VerificationPlan plan;
  plan.cells = std::move(cells);
  plan.eta_over_threshold = job.grid.grid.eta_over_threshold;
  plan.eta = job.grid.grid.eta;
  plan.method = job.simulation.method;
  plan.moment = job.simulation.moment;
  plan.replicas = job.simulation.replicas;
  plan.steps = job.simulation.steps;
  plan.burn_in = job.simulation.burn_in;
  plan.seed = job.simulation.seed;
  plan.level = job.verify.level;
  plan.largest_undetectable = job.verify.largest_undetectable;
  for (const std::int64_t cell : job.verify.direct_cells) {
    check_argument(cell >= 0, "[verify]", "direct_cells", cell, "integers >= 0");
    plan.direct_cells.push_back(static_cast<std::size_t>(cell));
  }
  plan.equal_cost = job.verify.equal_cost;
  plan.measure_threshold = job.verify.measure_threshold;
  plan.perturb_theory = flags.perturb_theory;
  plan.threads = flags.common.threads;
  return plan;
}

/// The cells of the run at more batch sizes, so that the curve of theory is a curve.
std::vector<Cell> curve_cells(const std::vector<Cell>& cells, const BatchSection& batch) {
  const auto [smallest, largest] = std::minmax_element(batch.size.begin(), batch.size.end());
  std::set<std::int64_t> sizes;
  for (int i = 0; i <= kCurvePoints; ++i) {
    const double share = static_cast<double>(i) / kCurvePoints;
    sizes.insert(std::llround(std::exp((1 - share) * std::log(static_cast<double>(*smallest)) +
                                       share * std::log(static_cast<double>(*largest)))));
  }
  std::vector<Cell> curve;
  for (const Cell& cell : cells) {
    if (cell.batch_size != batch.size.front()) continue;  // once for every rule, momentum and sampling
    for (const std::int64_t size : sizes) {
      curve.push_back(cell);
      curve.back().batch_size = size;
    }
  }
  return curve;
}

/// runs/NAME; a perturbed theory is another run.
std::filesystem::path verify_directory(const Configuration& configuration, const VerifyFlags& flags) {
  std::string name = configuration.name;
  if (flags.perturb_theory != 0) name += fmt::format("-perturbed-{}", flags.perturb_theory);
  return std::filesystem::path("runs") / name;
}

std::string sentence(const VerificationReport& report, const VerificationPlan& plan) {
  std::size_t disagreeing = 0;
  double largest = 0;
  for (const auto& comparison : report.comparisons) disagreeing += comparison.verdict == Verdict::disagree ? 1 : 0;
  std::size_t powerless = 0;
  for (const auto& cell : report.cells) {
    largest = std::max(largest, cell.detectable_threshold_error);
    powerless += cell.detectable_threshold_error > plan.largest_undetectable ? 1 : 0;
  }
  std::string text = fmt::format("{}: {} comparisons in {} cells, {} outside their bounds at a family level of {}\n",
                                 report.agree      ? "agree"
                                 : disagreeing > 0 ? "disagree"
                                                   : "cannot tell",
                                 report.comparisons.size(), report.cells.size(), disagreeing, plan.level);
  text +=
      powerless == 0
          ? fmt::format("every cell would catch an error of the threshold of {:.2g}% with 90% power\n", 100 * largest)
          : fmt::format(
                "{} cells could miss an error of the threshold of {:.3g}%: more replicas, more steps, or "
                "step sizes further above the threshold\n",
                powerless, 100 * plan.largest_undetectable);
  if (plan.perturb_theory != 0)
    text += fmt::format("the theory was shifted by {:.3g}% on purpose\n", 100 * plan.perturb_theory);
  return text;
}

void write_verdict(const LoadedModel& model, const VerificationReport& report, const VerificationPlan& plan,
                   Format format) {
  switch (format) {
    case Format::json:
      write_result(verification_json(model, report));
      return;
    case Format::csv:
      write_result(to_csv(comparison_table(report)));
      return;
    case Format::table:
      write_result(to_text(comparison_table(report)) + "\n" + to_text(cell_table(report)) + "\n" +
                   sentence(report, plan));
      return;
  }
}

int run_verify(const VerifyFlags& flags) {
  const Configuration configuration = read_configuration(flags.config);
  const VerifyJob job = read_job(configuration, flags);
  const LoadedModel model = load_configured_model(configuration);
  const VerificationPlan plan = verification_plan(job, make_cells(job.grid, model.model), flags);

  OptionTable verify_options = write_options(job.verify);
  verify_options.emplace("perturb_theory", flags.perturb_theory);
  Run directory(flags.common.out.value_or(verify_directory(configuration, flags)),
                {{"model", model.resolved},
                 {"optimizer", write_options(job.grid.optimizer)},
                 {"batch", write_options(job.grid.batch)},
                 {"grid", write_options(job.grid.grid)},
                 {"simulation", write_options(job.simulation)},
                 {"verify", verify_options}},
                flags.common.force);
  Console console(flags.common.quiet);
  announce(console, model);
  RunDirectory& run = directory.directory();
  const std::string build = running_build();
  Checkpoint checkpoint;
  if (!flags.common.force) checkpoint.known = read_checkpoint(run.checkpoint(), build);
  if (!checkpoint.known.empty())
    console.note(fmt::format("taking up {} finished measurements of {} (--force starts over)", checkpoint.known.size(),
                             run.path().string()));
  auto measured = checkpoint.known;
  checkpoint.keep = [&](std::size_t unit, const Measurement& measurement) {
    measured[unit] = measurement;
    run.keep_checkpoint(checkpoint_json(measured, build));
  };
  console.start(fmt::format("verify: {} cells", plan.cells.size()));
  const VerificationReport report = verify(model, plan, console.monitor(), checkpoint);
  console.finish();

  std::vector<CellResult> curve;
  if (job.verify.curve) {
    curve = theory_of_cells(model.model, curve_cells(plan.cells, job.grid.batch), plan.perturb_theory, plan.threads,
                            console.monitor());
  }
  draw_figures(run, verification_figures(model.model, report, curve), console);
  directory.finish(verification_json(model, report),
                   {{"comparisons", comparison_table(report)}, {"cells", cell_table(report)}}, plan.threads);
  console.note("run: " + run.path().string());
  write_verdict(model, report, plan, flags.common.format);
  return report.agree ? kDone : kDisagrees;
}

}  // namespace

Action add_verify_command(CLI::App& program) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* app = program.add_subcommand("verify",
                                         "theory against simulation: comparison with error bars, figure, "
                                         "verdict");
  app->add_option("config", flags->config, "configuration, TOML")->required()->type_name("CONFIG");
  app->add_option("--perturb-theory", flags->perturb_theory,
                  "shifts every theoretical threshold by this fraction, to show that the check can fail: theory(eta) "
                  "becomes theory(eta/(1+x)), at the same trajectories")
      ->type_name("x")
      ->capture_default_str();
  add_common_flags(*app, flags->common);
  app->footer(
      "Exit code 0 only when every comparison agrees and every cell has the power to catch the error of the threshold\n"
      "that [verify] largest_undetectable names; 1 otherwise. --out defaults to runs/NAME.\n\n"
      "Examples:\n"
      "  brink verify analysis/fashion_mnist.toml\n"
      "  brink verify analysis/fashion_mnist.toml --perturb-theory 0.03   # must exit 1\n"
      "  brink verify my.toml --out runs/first --format json");
  return [flags] { return run_verify(*flags); };
}

}  // namespace brink::cli
