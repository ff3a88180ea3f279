// brink moments: every notion of stability side by side, from the mean to almost sure.

#include <cmath>
#include <memory>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/report/moments_report.hpp"
#include "command.hpp"
#include "console.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct MomentsSection {
  std::vector<double> moments = {0, 1, 2, 4};
  std::vector<double> scan;
  std::string method = "exact";
  std::int64_t replicas = 1024;
  std::int64_t steps = 1024;
  std::int64_t burn_in = 128;
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("moments", self.moments, "moments q of E‖z‖^q; 0 stands for the Lyapunov exponent, almost-sure growth",
          "numbers in 0..64");
    field(
        "scan", self.scan,
        "step sizes at which growth is drawn and measured stability is looked for: from, to, how many; none given: up "
        "to the smaller of 1.5 noise-free edges and four mean-square thresholds",
        "three numbers: from > 0, to > from, an integer >= 2");
    field("method", self.method,
          "exact: theory where it reaches, simulation elsewhere; simulation: everything measured",
          "one of exact, simulation");
    field("replicas", self.replicas, "replicas that move in parallel", "an integer >= 2");
    field("steps", self.steps, "steps after burn-in", "an integer >= 64");
    field("burn_in", self.burn_in, "steps before the measurement starts", "an integer >= 0");
    field("seed", self.seed, "seed of every random stream", "an integer >= 0");
  }
};

struct MomentsFlags {
  ModelFlags model;
  GridFlags grid;
  SectionFlags moments;
  CommonFlags common;
};

MomentPlan moment_plan(const MomentsSection& section, bool growth_asked, const CommonFlags& common) {
  check_argument(section.method == "exact" || section.method == "simulation", "command line", "--method",
                 section.method, "one of exact, simulation");
  check_argument(section.replicas >= 2, "command line", "--replicas", section.replicas, "an integer >= 2");
  check_argument(section.steps >= 2 * kTimeBatches, "command line", "--steps", section.steps, "an integer >= 64");
  check_argument(section.burn_in >= 0, "command line", "--burn-in", section.burn_in, "an integer >= 0");
  MomentPlan plan;
  plan.moments = section.moments;
  if (!section.scan.empty()) {
    const auto& scan = section.scan;
    check_argument(scan.size() == 3, "command line", "--scan", std::to_string(scan.size()) + " numbers",
                   "three numbers: from, to, how many");
    check_argument(scan[2] == std::floor(scan[2]) && scan[2] >= 2 && scan[2] <= 100'000, "command line",
                   "--scan how many", scan[2], "an integer in 2..100000");
    plan.scan = StepScan{scan[0], scan[1], static_cast<Index>(scan[2])};
  }
  plan.curve = !growth_asked || common.out.has_value();
  plan.simulate_always = section.method == "simulation";
  plan.simulation.replicas = section.replicas;
  plan.simulation.steps = section.steps;
  plan.simulation.burn_in = section.burn_in;
  plan.simulation.threads = common.threads;
  plan.seed = section.seed;
  return plan;
}

int run_moments(const MomentsFlags& flags) {
  const Configuration configuration = flags.model.configuration();
  GridOptions options;
  MomentsSection section;
  options.read(configuration);
  read_section(configuration, "moments", section);
  flags.grid.apply(options);
  flags.moments.apply(section);
  if (flags.common.seed) section.seed = *flags.common.seed;
  check_step_sizes(options.grid);
  const bool growth_asked = !options.grid.eta.empty() || !options.grid.eta_over_threshold.empty();
  MomentPlan plan = moment_plan(section, growth_asked, flags.common);
  const LoadedModel model = load_configured_model(configuration);
  const auto cells = make_cells(options, model.model);

  std::optional<Run> directory;
  if (flags.common.out) {
    directory.emplace(*flags.common.out,
                      Sections{{"model", model.resolved},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", write_options(options.batch)},
                               {"grid", write_options(options.grid)},
                               {"moments", write_options(section)}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  announce(console, model);
  console.start("moments");
  std::vector<MomentStudy> studies;
  const auto all = static_cast<double>(cells.size());
  for (const Cell& cell : cells) {
    const auto done = static_cast<double>(studies.size());
    const Monitor& whole = console.monitor();
    const Monitor part{[&](double fraction) { whole.report((done + fraction) / all); }, whole.interrupted};
    plan.etas = step_sizes(model.model, cell, options.grid);
    studies.push_back(study_moments(model.model, cell, plan, part));
  }
  console.finish();

  const Table thresholds = moment_threshold_table(studies);
  const Table growth = moment_growth_table(studies);
  Output output{moments_json(model, studies), growth};
  output.text = to_text(thresholds) + (growth_asked ? "\n" + to_text(growth) : "");
  if (!growth_asked) output.table = thresholds;
  if (directory) {
    draw_figures(directory->directory(), moment_figures(studies), console);
    directory->finish(output.json, {{"thresholds", thresholds}, {"growth", growth}}, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_moments_command(CLI::App& program) {
  auto flags = std::make_shared<MomentsFlags>();
  CLI::App* app = program.add_subcommand("moments",
                                         "growth of every moment, Lyapunov exponent, tail index, and the step sizes "
                                         "that each notion of stability allows");
  flags->model.add(*app);
  flags->grid.add(*app);
  flags->moments.add<MomentsSection>(*app, {{"seed", ""}});
  add_common_flags(*app, flags->common);
  app->footer(
      "Thresholds are exact without noise, for one parameter under SGD and for isotropic Gaussian rows; for q = 2\n"
      "always; for q = 4, 6, 8 on small models. The others are measured by cloning (the Lyapunov exponent along\n"
      "trajectories) on the scan. Stability may be lost and won again: every stable interval is listed, and "
      "\"complete\"\n"
      "says whether there can be others. With --eta the growth there and the tail index are printed; --format csv "
      "then\n"
      "prints growth, otherwise thresholds. --out DIR draws growth against the step size and thresholds against the\n"
      "batch size.\n\n"
      "Examples:\n"
      "  brink moments --jacobian J.npy --batch 1,2,4 --out runs/moments\n"
      "  brink moments --jacobian J.npy --eta 0.5,0.7 --moments 0,2,4 --format json\n"
      "  brink moments --jacobian J.npy --moments 0 --method simulation --scan 0.1,6,60");
  return [flags] { return run_moments(*flags); };
}

}  // namespace brink::cli
