// brink hypothesis: claims stated before the runs, their registration, their judgement.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <memory>

#include "brink/base/error.hpp"
#include "brink/report/atomic_file.hpp"
#include "brink/report/checkpoint.hpp"
#include "brink/report/hypothesis_report.hpp"
#include "brink/report/provenance.hpp"
#include "command.hpp"
#include "hypothesis_population.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct HypothesisFlags {
  std::vector<std::string> words;
  CommonFlags common;
};

std::string now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

std::optional<Registration> registration_at(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return registration_of(read_file(path), path.string());
}

std::vector<ReasonCount> failures_of(const std::vector<Observation>& runs) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& run : runs)
    if (!run.failure.empty()) ++counts[run.failure.substr(0, run.failure.find(':'))];
  std::vector<ReasonCount> reasons;
  for (const auto& [reason, count] : counts) reasons.push_back({reason, count});
  return reasons;
}

/// What the pilot promises for every hypothesis. Its seeds are those after the last one that will be judged.
std::vector<std::pair<std::string, PowerForecast>> forecasts_of(const HypothesisFile& file, int threads,
                                                                Console& console) {
  std::vector<std::pair<std::string, PowerForecast>> forecasts;
  const PopulationSection& population = file.population;
  if (population.pilot_seeds == 0) return forecasts;
  console.start(fmt::format("pilot: {} seeds", population.pilot_seeds));
  const auto pilot = make_population(file, population.first_seed + population.seeds, population.pilot_seeds, threads,
                                     console.monitor(), nullptr, "pilot");
  console.finish();
  for (const auto& [name, hypothesis] : file.hypotheses)
    forecasts.emplace_back(
        name, forecast_power(hypothesis, pilot, population.seeds, file.common.level, file.hypotheses.size()));
  return forecasts;
}

std::string remedy(const PowerForecast& forecast, bool linear) {
  std::string text = forecast.seeds_needed ? fmt::format("{} seeds would do", *forecast.seeds_needed)
                                           : "more seeds do not help, the pilot lies on the limit of the claim";
  if (forecast.steps_factor_needed) {
    text += fmt::format(", or {:.3g} times the steps", *forecast.steps_factor_needed);
  } else if (linear) {
    text += fmt::format("; more steps alone do not, errors of measurement are {:.0f}% of the variance",
                        100 * forecast.measured_share);
  }
  return text;
}

std::string advice(const HypothesisFile& file, const std::vector<std::pair<std::string, PowerForecast>>& forecasts) {
  std::string text;
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    const auto& [name, forecast] = forecasts[i];
    const double wanted = file.hypotheses[i].hypothesis.power;
    if (!forecast.reason.empty()) {
      text += fmt::format("{}: no forecast, {}\n", name, forecast.reason);
      continue;
    }
    text += fmt::format("{}: the pilot points to \"{}\"; power {:.3f} with {} seeds, {:.2f} wanted", name,
                        to_string(forecast.decision), forecast.power, forecast.seeds_planned, wanted);
    if (forecast.power < wanted) text += ": " + remedy(forecast, file.population.runs == "linear");
    text += "\n";
  }
  return text;
}

int register_file(const HypothesisFile& file, const HypothesisFlags& flags) {
  const auto path = file.registration();
  Registration registration;
  if (auto earlier = registration_at(path)) {
    if (earlier->hash == file.hash) {
      write_output({registration_json(*earlier), forecast_table(earlier->forecasts),
                    fmt::format("registered already on {}\n", earlier->date)},
                   flags.common.format);
      return kDone;
    }
    if (!flags.common.force)
      fail_argument("hypothesis register", "FILE", file.path.string(),
                    fmt::format("the content registered on {} (SHA-256 {}…), or --force to register anew; the earlier "
                                "registration stays on record",
                                earlier->date, earlier->hash.substr(0, 16)));
    registration.superseded = earlier->superseded;
    registration.superseded.push_back(earlier->hash);
  }
  Console console(flags.common.quiet);
  registration.hash = file.hash;
  registration.version = version();
  registration.forecasts = forecasts_of(file, flags.common.threads, console);
  registration.date = now();
  write_file_atomically(path, registration_json(registration));
  console.note("registration: " + path.string());
  write_output({registration_json(registration), forecast_table(registration.forecasts),
                fmt::format("registered {}, SHA-256 {}\n", registration.date, registration.hash) +
                    advice(file, registration.forecasts)},
               flags.common.format);
  return kDone;
}

/// Opens the log for this build and file; a log of another one is emptied.
void open_log(AppendLog& log, const std::string& hash, bool force, Console& console) {
  const std::string header = fmt::format("brink.hypothesis-checkpoint/1 {} {}", hash, running_build());
  if (!log.lines().empty() && log.lines().front() == header && !force) {
    if (log.lines().size() > 1)
      console.note(fmt::format("taking up {} finished units (--force starts over)", log.lines().size() - 1));
    return;
  }
  log.clear();
  log.append(header);
}

int judge_file(const HypothesisFile& file, const HypothesisFlags& flags) {
  HypothesisReport report;
  report.file = file.path.filename().string();
  report.hash = file.hash;
  report.level = file.common.level;
  report.seeds = file.population.seeds;
  report.runs = file.population.runs;
  const auto found = registration_at(file.registration());
  if (!found) {
    report.not_registered = "there is no " + file.registration().filename().string() +
                            " beside the file: brink hypothesis register makes it, before the runs";
  } else if (found->hash != file.hash) {
    report.not_registered = fmt::format("the file has changed since it was registered on {} (SHA-256 {}…)", found->date,
                                        found->hash.substr(0, 16));
  } else {
    report.registration = found;
  }

  Run directory(flags.common.out.value_or(std::filesystem::path("runs") / file.configuration.name), file.sections(),
                flags.common.force);
  RunDirectory& run = directory.directory();
  Console console(flags.common.quiet);
  if (!report.registration) console.warn("not registered: " + report.not_registered);
  std::vector<Observation> runs;
  {
    AppendLog log(run.checkpoint_log());
    open_log(log, file.hash, flags.common.force, console);
    console.start(fmt::format("hypothesis: {} seeds", file.population.seeds));
    runs = make_population(file, file.population.first_seed, file.population.seeds, flags.common.threads,
                           console.monitor(), &log, "runs");
    console.finish();
  }
  report.population = static_cast<std::int64_t>(runs.size());
  report.failures = failures_of(runs);
  report.judgements = judge_hypotheses(file.hypotheses, runs, file.common.level, file.common.bootstrap_seed);

  run.write("hypothesis.toml", file.text);
  if (report.registration) run.write("registration.json", registration_json(*report.registration));
  draw_figures(run, hypothesis_figures(report), console);
  const std::string json = hypothesis_json(report);
  directory.finish(json,
                   {{"verdicts", verdict_table(report)},
                    {"contrasts", contrast_table(report)},
                    {"population", population_table(runs)}},
                   flags.common.threads);
  console.note("run: " + run.path().string());
  write_output({json, verdict_table(report), hypothesis_text(report)}, flags.common.format);
  return report.as_expected() ? kDone : kDisagrees;
}

int run_hypothesis(const HypothesisFlags& flags) {
  std::string verb = "judge";
  if (flags.words.size() == 2) verb = flags.words.front();
  check_argument(verb == "judge" || verb == "register", "hypothesis", "the first word", verb,
                 "judge or register, and then FILE; or FILE alone, which is judged");
  const HypothesisFile file = read_hypothesis_file(flags.words.back());
  if (flags.common.seed)
    fail_argument("command line", "--seed", "given", "[population] first_seed: seeds are part of what is registered");
  return verb == "register" ? register_file(file, flags) : judge_file(file, flags);
}

template <class Section>
std::string keys_of(const char* title) {
  std::string text = fmt::format("  {}\n", title);
  for (const auto& field : describe_options<Section>()) {
    const std::string by_default = to_string(field.default_value);
    text += fmt::format("    {} = {}: {} ({})\n", field.name, by_default, field.help, field.allowed);
  }
  return text;
}

}  // namespace

Action add_hypothesis_command(CLI::App& program) {
  auto flags = std::make_shared<HypothesisFlags>();
  CLI::App* app = program.add_subcommand("hypothesis", "registers hypotheses before the runs, and judges them");
  app->add_option("file", flags->words, "[register|judge] FILE: a hypothesis file, TOML")
      ->required()
      ->expected(1, 2)
      ->type_name("FILE");
  add_common_flags(*app, flags->common);
  std::string columns = "Columns of linear runs:\n";
  for (const auto& column : linear_columns()) columns += fmt::format("  {}: {}\n", column.name, column.help);
  app->footer(
      "register freezes the file: its hash, the date, and the power that a pilot promises, in NAME.registration.json\n"
      "beside it. judge makes the runs and decides: supported, refuted, cannot tell; a file that has changed since is\n"
      "reported as not registered. Exit code 0 only for a registered file all of whose verdicts are those it "
      "expects.\n\n"
      "Sections, beside [model], [optimizer], [batch], [grid], [simulation] and [training]:\n" +
      keys_of<PopulationSection>("[population]") + keys_of<HypothesesSection>("[hypotheses]") +
      keys_of<Hypothesis>("[hypothesis.NAME], one for every claim") + "\n" + columns +
      "Parameters of every run: seed, rule, sampling, momentum, batch; with a step size eta, effective_rate.\n"
      "threshold(\"mean-square\"), threshold(\"mean\") or another condition of brink threshold --bounds.\n"
      "Training runs have traces instead, every column of the record: first(\"loss\"), final, mean(\"loss\", 100, "
      "200),\n"
      "largest, smallest, tail(\"sharpness\", 0.5), drift, onset(\"sharpness\", 40), correlation_time.\n\n"
      "Examples:\n"
      "  brink hypothesis register analysis/hypotheses/crossover.toml\n"
      "  brink hypothesis analysis/hypotheses/crossover.toml --out runs/crossover");
  return [flags] { return run_hypothesis(*flags); };
}

}  // namespace brink::cli
