// brink train: trains a problem, goes to its minimum, linearizes it there.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "brink/data/npy.hpp"
#include "brink/report/atomic_file.hpp"
#include "brink/report/checkpoint.hpp"
#include "brink/report/training_report.hpp"
#include "command.hpp"
#include "output.hpp"
#include "train_job.hpp"
#include "train_probes.hpp"

namespace brink::cli {
namespace {

constexpr const char* kStateFile = "training.state";
constexpr auto kKeepEvery = std::chrono::seconds(30);

struct TrainFlags {
  std::string config;
  bool linearize = false;
  CommonFlags common;
};

/// What is kept of a run: the build that made it, then the state. Another build may round differently.
std::string kept(const std::string& build, const std::string& state) { return build + "\n" + state; }

template <class Real>
std::optional<TrainingState<Real>> kept_state(const RunDirectory& run, const std::string& build) {
  const auto file = run.path() / kStateFile;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::nullopt;
  const std::string content = read_file(file);
  const std::string header = build + "\n";
  if (content.compare(0, header.size(), header) != 0) return std::nullopt;
  try {
    return training_state_of<Real>(std::string_view(content).substr(header.size()));
  } catch (const InvalidInput&) {
    return std::nullopt;  // damaged: the run starts over
  }
}

/// Trains in one precision, from the beginning or from where an earlier run of the same configuration was interrupted.
/// Throws Interrupted once the state is kept.
template <class Real>
TrainingState<Real> train_here(const Objective<Real>& objective, const Vector& start, const TrainingPlan& plan,
                               const std::vector<Probe<Real>>& probes, RunDirectory& run, bool force,
                               Console& console) {
  const std::string build = running_build();
  auto state = start_training<Real>(objective, plan, start.cast<Real>());
  if (!force) {
    if (auto taken = kept_state<Real>(run, build)) {
      console.note(fmt::format("taking up step {} of {} (--force starts over)", taken->step, run.path().string()));
      state = std::move(*taken);
    }
  }
  const auto keep = [&](const TrainingState<Real>& now) { run.write(kStateFile, kept(build, to_bytes(now))); };
  TrainingSurroundings<Real> surroundings;
  surroundings.monitor = console.monitor();
  auto last = std::chrono::steady_clock::now();
  surroundings.wants_to_keep = [&] {
    // A look at the clock costs more than a step of a small problem.
    if (state.step % 16 != 0 || std::chrono::steady_clock::now() - last < kKeepEvery) return false;
    last = std::chrono::steady_clock::now();
    return true;
  };
  surroundings.keep = keep;
  console.start(fmt::format("train: {} steps", plan.steps));
  train<Real>(objective, plan, probes, state, surroundings);
  keep(state);
  if (state.status == TrainingStatus::running) throw Interrupted("interrupted");
  console.finish();
  return state;
}

/// Leaves the state in the report and returns θ.
template <class Real>
Vector trained(const Objective<Real>& objective, const Vector& start, const CurvatureProbeSettings& settings,
               TrainingReport& report, RunDirectory& run, bool force, Console& console) {
  const auto probes = probes_of(objective, settings);
  std::vector<std::string> names;
  for (const auto& probe : probes) names.push_back(probe.name);
  report.names = record_names(names);
  TrainingState<Real> state = train_here<Real>(objective, start, report.plan, probes, run, force, console);
  report.status = state.status;
  report.reason = state.reason;
  report.steps = state.step;
  report.fired_at = state.fired_at;
  report.records = std::move(state.records);
  return state.rule.theta.template cast<double>();
}

void write_linearization(const Linearization& linearization, const std::filesystem::path& directory, Index parameters,
                         Console& console) {
  const bool gram = linearization.gram.size() > 0;
  const Index n = linearization.samples;
  const Index c = linearization.outputs;
  if (gram) {
    write_npy(directory / "gram.npy", {n * c, n * c}, linearization.gram.data());
  } else {
    write_npy(directory / "J.npy", {n, c, parameters}, linearization.rows.data());
  }
  std::string more = gram && c > 1 ? fmt::format(" --outputs {}", c) : "";
  if (linearization.gradient_noise.size() > 0) {
    write_npy(directory / "gradient_noise.npy", linearization.gradient_noise);
    more += fmt::format(" --gradient-noise {}", (directory / "gradient_noise.npy").string());
  }
  console.note(fmt::format("linearized: brink threshold --{} {}{}", gram ? "gram" : "jacobian",
                           (directory / (gram ? "gram.npy" : "J.npy")).string(), more));
}

std::string sentences(const TrainingReport& report) {
  std::string text = fmt::format("{}: {}\n", to_string(report.status), report.reason);
  if (!report.minimum) return text;
  const auto& c = report.minimum->certificate;
  text += fmt::format(
      "{}: loss {:.3g}, gradient norm {:.3g} (of {:.3g}), eigenvalues of the Hessian from {:.3g} ± {:.1g} to "
      "{:.3g} ± {:.1g}",
      report.minimum->converged && c.is_minimum ? "minimum" : "no minimum", c.loss, c.gradient_norm, c.gradient_scale,
      c.smallest_eigenvalue, c.smallest_eigenvalue_residual, c.lambda_max, c.lambda_max_residual);
  if (c.rank) text += fmt::format(", the smallest of {} on the range {:.3g}", *c.rank, c.smallest_on_range.value_or(0));
  text += c.interpolates ? "; it interpolates\n" : "; it does not interpolate\n";
  if (!report.minimum->advice.empty()) text += report.minimum->advice + "\n";
  return text;
}

int run_train(const TrainFlags& flags) {
  const Configuration configuration = read_configuration(flags.config);
  const auto section = configuration.sections.find("model");
  if (section == configuration.sections.end())
    fail_argument("configuration", "[model]", "none", "a section [model] with a kind");
  const TrainableProblem problem = load_trainable(section->second, configuration.directory);
  const auto precise = problem.precise();
  TrainJob job = read_train_job(configuration, flags.common.seed, precise->samples(), precise->parameters());

  TrainingReport report;
  report.kind = problem.kind;
  report.samples = precise->samples();
  report.parameters = precise->parameters();
  report.outputs = precise->outputs();
  report.precision = job.training.precision;
  report.plan = job.plan;
  report.interventions = job.training.interventions;
  Sections sections = job.sections;
  sections["model"] = problem.resolved;
  Run directory(flags.common.out.value_or(std::filesystem::path("runs") / configuration.name), sections,
                flags.common.force);
  RunDirectory& files = directory.directory();
  // A linearization that is there belongs to theta.npy: the point without it would part the two.
  const bool was_linearized = !flags.common.force && (std::filesystem::exists(files.path() / "gram.npy") ||
                                                      std::filesystem::exists(files.path() / "J.npy"));
  const bool linearize = flags.linearize || was_linearized;
  job.training.minimum = job.training.minimum || linearize;
  Console console(flags.common.quiet);
  for (const auto& note : problem.notes) console.note(note);
  if (linearize && !flags.linearize) console.note("the run is linearized, as it was; --force begins anew");
  if (job.plan.record_every % 2 == 0)
    console.warn(
        fmt::format("record_every = {} is even: an oscillation of period 2, as at the edge of stability, is "
                    "seen from one side only; an odd number sees both",
                    job.plan.record_every));

  const auto settings = probe_settings(job, flags.common.threads);
  const bool force = flags.common.force;
  Vector theta = job.training.precision == "float"
                     ? trained<float>(*problem.single(), problem.start, settings, report, files, force, console)
                     : trained<double>(*precise, problem.start, settings, report, files, force, console);
  const bool diverged = report.status == TrainingStatus::diverged;
  if (diverged) console.warn("the run diverged: " + report.reason);
  if (job.training.minimum && !diverged) {
    console.note("going to the minimum");
    MinimumOptions options;
    options.gradient_tolerance = job.training.gradient_tolerance;
    options.max_iterations = job.training.max_iterations;
    report.minimum = find_minimum(*precise, theta, options, console.monitor());
    theta = report.minimum->theta;
    if (!report.minimum->advice.empty()) console.warn(report.minimum->advice);
  }
  const bool arrived =
      !diverged && (!report.minimum || (report.minimum->converged && report.minimum->certificate.is_minimum));
  // The first write withdraws the result of an earlier run.
  files.write("tables/record.csv", to_csv(record_table(report)));
  for (const char* stale : {"J.npy", "gram.npy", "gradient_noise.npy"}) std::filesystem::remove(files.path() / stale);
  if (!diverged) write_npy(files.path() / "theta.npy", {theta.size()}, theta.data());
  if (linearize && arrived) {
    report.linearization = linearize_network(*precise, theta, report.minimum->certificate.interpolates);
    write_linearization(*report.linearization, files.path(), report.parameters, console);
  }
  draw_figures(files, training_figures(report), console);
  const std::string json = training_json(report);
  directory.finish(json, {{"record", record_table(report)}, {"training", training_summary_table(report)}},
                   flags.common.threads);
  console.note("run: " + files.path().string());
  write_output({json, record_table(report), sentences(report)}, flags.common.format);
  return arrived ? kDone : kNotConverged;
}

}  // namespace

Action add_train_command(CLI::App& program) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* app = program.add_subcommand("train", "trains a problem, and finds and linearizes its minimum");
  app->add_option("config", flags->config, "configuration, TOML, with a section [training]")
      ->required()
      ->type_name("CONFIG");
  app->add_flag("--linearize", flags->linearize,
                "go to the minimum, and write its Jacobian or Gram matrix, and its gradient noise");
  add_common_flags(*app, flags->common);
  app->footer(
      "Leaves theta.npy, tables/record.csv and the figure in the run; with --linearize J.npy or gram.npy, for brink\n"
      "threshold --jacobian or --gram. The state is kept every 30 seconds and on Ctrl-C: the same command goes on, "
      "with\n"
      "the same result to the last byte. Exit code 3 when the run diverges, or no minimum is reached where one was "
      "asked "
      "for.\n\n"
      "Examples:\n"
      "  brink train my.toml\n"
      "  brink train my.toml --linearize --out runs/minimum\n"
      "  brink threshold --gram runs/minimum/gram.npy --batch 1,8,64");
  return [flags] { return run_train(*flags); };
}

}  // namespace brink::cli
