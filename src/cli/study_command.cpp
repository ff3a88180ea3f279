// brink study: reproduces the claims of a paper.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "analysis/studies.hpp"
#include "brink/base/error.hpp"
#include "brink/report/append_log.hpp"
#include "brink/report/checkpoint.hpp"
#include "command.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct StudySection {
  std::string name;
  bool full = false;
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("name", self.name, "the study", "a name that study --list shows");
    field("full", self.full, "the published sizes instead of minutes", "true or false");
    field("seed", self.seed, "seed of every random stream", "an integer >= 0");
  }
};

struct StudyFlags {
  std::string name;
  bool list = false;
  bool full = false;
  CommonFlags common;
};

/// The units of a run on disk. Those of another build make way: it may round differently.
class LoggedStore : public StudyStore {
 public:
  LoggedStore(const std::filesystem::path& file, bool start_over) : log_(file) {
    const std::string build = running_build();
    const auto& lines = log_.lines();
    if (start_over || lines.empty() || lines.front() != build) {
      log_.clear();
      log_.append(build);
      return;
    }
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (auto unit = read_study_line(lines[i])) units_.insert(std::move(*unit));
    }
  }

  std::optional<std::vector<double>> find(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    const auto found = units_.find(key);
    return found == units_.end() ? std::nullopt : std::optional(found->second);
  }

  void keep(const std::string& key, const std::vector<double>& values) override {
    const std::lock_guard lock(mutex_);
    log_.append(study_line(key, values));
    units_[key] = values;
  }

  [[nodiscard]] std::size_t size() const { return units_.size(); }

 private:
  std::mutex mutex_;
  AppendLog log_;
  std::map<std::string, std::vector<double>> units_;
};

const Study& find_study(const std::string& name) {
  const auto& all = analysis::studies();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Study& s) { return s.name == name; });
  if (found != all.end()) return *found;
  std::vector<std::string> names;
  for (const auto& study : all) names.push_back(study.name);
  const std::string nearest = nearest_name(name, names);
  fail_argument("study", "name", name,
                "a study of study --list" + (nearest.empty() ? "" : "; the nearest is " + nearest));
}

Table study_list() {
  Table table({{"study"}, {"claims"}, {"question"}});
  for (const auto& study : analysis::studies()) table.add_row({study.name, study.claims, study.question});
  return table;
}

int run_study(const StudyFlags& flags) {
  if (flags.list) {
    const Table list = study_list();
    check_argument(flags.common.format != Format::json, "study", "--format", "json", "table or csv for --list");
    write_output({"", list}, flags.common.format);
    return kDone;
  }
  if (flags.name.empty()) fail_argument("study", "name", "none", "the name of a study, or --list");
  const Study& study = find_study(flags.name);
  StudySection section{study.name, flags.full, flags.common.seed.value_or(0)};
  Run directory(
      flags.common.out.value_or(std::filesystem::path("runs") / "studies" / (study.name + (flags.full ? "-full" : ""))),
      {{"study", write_options(section)}}, flags.common.force);
  Console console(flags.common.quiet);
  LoggedStore store(directory.directory().checkpoint_log(), flags.common.force);
  if (store.size() > 0)
    console.note(fmt::format("taking up {} measurements of {} (--force starts over)", store.size(),
                             directory.directory().path().string()));
  StudyContext context;
  context.full = section.full;
  context.seed = section.seed;
  context.threads = flags.common.threads;
  context.monitor = console.monitor();
  context.store = &store;
  console.start("study " + study.name);
  const StudyReport report = study.run(context);
  console.finish();
  for (const auto& warning : report.warnings) console.warn(warning);

  Output output{study_json(study, section.full, section.seed, report), findings_table(report.findings),
                study_text(study, section.full, report)};
  directory.directory().write("findings.md", study_markdown(study, section.full, report));
  draw_figures(directory.directory(), report.figures, console);
  auto tables = report.tables;
  tables.emplace_back("findings", output.table);
  directory.finish(output.json, tables, flags.common.threads);
  console.note("run: " + directory.directory().path().string());
  write_output(output, flags.common.format);
  const bool all = std::all_of(report.findings.begin(), report.findings.end(),
                               [](const Finding& f) { return f.decision == Decision::supported; });
  return all ? kDone : kDisagrees;
}

}  // namespace

Action add_study_command(CLI::App& program) {
  auto flags = std::make_shared<StudyFlags>();
  CLI::App* app = program.add_subcommand("study", "reproduces the claims of a paper, and judges them");
  app->add_option("name", flags->name, "the study")->type_name("NAME");
  app->add_flag("--list", flags->list, "all studies, and what they ask");
  app->add_flag("--full", flags->full, "the published sizes; otherwise a quick version that says what was reduced");
  add_common_flags(*app, flags->common);
  app->footer(
      "Every measurement is kept as it comes: the same command takes up an interrupted study. Leaves findings.md, the\n"
      "tables and the figures in runs/studies/NAME. Exit code 1 when a claim is refuted or cannot be told.\n\n"
      "Examples:\n"
      "  brink study --list\n"
      "  brink study scalar-laws\n"
      "  brink study two-plateaus --full --threads 2");
  return [flags] { return run_study(*flags); };
}

}  // namespace brink::cli
