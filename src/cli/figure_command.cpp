// brink figure: draws the figures of a run anew.

#include <fmt/format.h>

#include <memory>

#include "brink/base/error.hpp"
#include "command.hpp"
#include "console.hpp"
#include "gnuplot.hpp"
#include "option_flags.hpp"

namespace brink::cli {
namespace {

struct DrawingSection {
  std::vector<std::string> terminal = DrawingOptions{}.terminals;
  double width = DrawingOptions{}.width;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    const std::string formats = fmt::format("names among {}", fmt::join(figure_terminals(), ", "));
    field("terminal", self.terminal, "formats", formats);
    const std::string widths =
        fmt::format("a number of mm, or 0: what the figure was made for; {} is one column of a paper, {} two",
                    kOneColumn, kTwoColumns);
    field("width", self.width, "width of the picture", widths);
  }
};

struct FigureFlags {
  std::string run;
  std::vector<std::string> names;
  SectionFlags drawing;
};

int run_figure(const FigureFlags& flags) {
  const RunDirectory run = RunDirectory::existing(flags.run);
  const auto names = flags.names.empty() ? figure_names(run) : flags.names;
  check_argument(!names.empty(), "figure", "run", flags.run, "a run that has figures");
  DrawingSection drawing;
  flags.drawing.apply(drawing);
  std::string drawn;
  for (const auto& name : names) {
    for (const auto& file : draw_figure(run, name, {drawing.terminal, drawing.width})) drawn += file.string() + "\n";
  }
  write_result(drawn);
  return kDone;
}

}  // namespace

Action add_figure_command(CLI::App& program) {
  auto flags = std::make_shared<FigureFlags>();
  CLI::App* app = program.add_subcommand("figure", "redraws the figures of a run");
  app->add_option("run", flags->run, "directory of the run")->required()->type_name("RUN");
  app->add_option("name", flags->names, "figures to draw (default: every figure of the run)")->type_name("NAME");
  flags->drawing.add<DrawingSection>(*app);
  app->footer(
      "Prints the files drawn. Beside them lie NAME.gp and NAME.csv: gnuplot alone redraws the figure from these.\n\n"
      "Examples:\n"
      "  brink figure runs/fashion_mnist\n"
      "  brink figure runs/fashion_mnist thresholds --terminal epslatex,tikz --width 178");
  return [flags] { return run_figure(*flags); };
}

}  // namespace brink::cli
