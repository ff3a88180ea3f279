#pragma once
// Draws the figures of a run with gnuplot. The only place that starts another program.

#include <filesystem>
#include <string>
#include <vector>

#include "brink/report/figure_data.hpp"
#include "brink/report/run_directory.hpp"

namespace brink::cli {

/// "pdf", "svg", "png", "epslatex", "cairolatex", "tikz": NAME.pdf, NAME.svg, NAME.png, NAME-epslatex.tex and .eps,
/// NAME-cairolatex.tex and .pdf, NAME-tikz.tex.
[[nodiscard]] const std::vector<std::string>& figure_terminals();

/// One column of a paper, and two.
inline constexpr double kOneColumn = 85;
inline constexpr double kTwoColumns = 178;

struct DrawingOptions {
  std::vector<std::string> terminals = {"pdf", "svg", "png"};
  double width = 0;  ///< mm, in [60, 400]; 0: what the figure was made for
};

/// Writes figures/NAME.csv and figures/NAME.gp of every figure. The .gp holds style and script, so that
/// `gnuplot NAME.gp` in that directory redraws the figure without Brink. Needs no gnuplot.
void write_figures(RunDirectory& run, const std::vector<FigureData>& figures);

/// The names of the figures a run has (every NAME with NAME.gp and NAME.csv), sorted.
[[nodiscard]] std::vector<std::string> figure_names(const RunDirectory& run);

/// False when no gnuplot is in PATH.
[[nodiscard]] bool has_gnuplot();

/// Runs figures/NAME.gp once a terminal and returns the files drawn. Throws InvalidInput for an unknown terminal, a
/// figure that the run does not have (it names those it has), a missing gnuplot (it names the Debian package), and
/// whenever gnuplot fails, says anything on its standard error, or leaves no or an empty file; a figure is then not
/// replaced.
[[nodiscard]] std::vector<std::filesystem::path> draw_figure(const RunDirectory& run, const std::string& name,
                                                             const DrawingOptions& options = {});

}  // namespace brink::cli
