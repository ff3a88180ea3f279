// brink report: a finished run as one page.

#include <fmt/format.h>

#include <memory>

#include "brink/base/error.hpp"
#include "brink/report/run_page.hpp"
#include "command.hpp"
#include "console.hpp"
#include "gnuplot.hpp"

namespace brink::cli {
namespace {

struct ReportFlags {
  std::string run;
  bool quiet = false;
};

/// Draws what the run has as data only.
void draw_missing(const RunDirectory& run, Console& console) {
  if (!has_gnuplot()) {
    console.warn("gnuplot is missing (Debian package gnuplot-nox): figures that were not drawn stay out of the page");
    return;
  }
  for (const auto& name : figure_names(run)) {
    std::error_code error;
    if (std::filesystem::exists(run.figures() / (name + ".svg"), error)) continue;
    try {
      (void)draw_figure(run, name, {{"svg"}, kOneColumn});
    } catch (const InvalidInput& failure) {
      console.warn(failure.what());
    }
  }
}

int run_report(const ReportFlags& flags) {
  Console console(flags.quiet);
  RunDirectory run = RunDirectory::existing(flags.run);
  draw_missing(run, console);
  const RunPage page = read_run_page(run);
  std::string written;
  const auto write = [&](const std::string& name, const std::string& content) {
    run.write(name, content);
    written += (run.path() / name).string() + "\n";
  };
  write("report.html", page_html(page));
  write("report.md", page_markdown(page));
  for (const auto& table : page.tables)
    if (table.rows.size() <= kRowsOnPage)
      write("tables/" + table.name + ".tex", latex_table(table, page.title + ": " + table.name));
  write_result(written);
  return kDone;
}

}  // namespace

Action add_report_command(CLI::App& program) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* app = program.add_subcommand("report", "a finished run as one HTML page, as Markdown, and as LaTeX tables");
  app->add_option("run", flags->run, "directory of the run")->required()->type_name("RUN");
  app->add_flag("--quiet", flags->quiet, "no notes on standard error");
  app->footer(fmt::format(
      "Writes report.html (one file, figures inside, no script), report.md, and tables/NAME.tex of every table of at\n"
      "most {} rows (for \\usepackage{{booktabs}}), and prints their names.\n\n"
      "Examples:\n"
      "  brink report runs/fashion_mnist",
      kRowsOnPage));
  return [flags] { return run_report(*flags); };
}

}  // namespace brink::cli
