#pragma once
// A figure of one or more panels with curves, levels, points and bands: the data of plots/curves.gp.

#include <limits>
#include <string>
#include <vector>

#include "brink/report/figure_data.hpp"

namespace brink {

/// How a series is drawn.
enum class CurveKind {
  line,    ///< solid
  thin,    ///< a thin line, for noisy traces
  dashed,  ///< theory, levels
  points,  ///< with error bars where the interval is there
  joined,  ///< points with error bars on a line
  band,    ///< the interval, filled
};

struct CurvePoint {
  double x = 0;
  double y = 0;
  double lower = std::numeric_limits<double>::quiet_NaN();  ///< of the interval; NaN: none
  double upper = std::numeric_limits<double>::quiet_NaN();
};

struct Curve {
  std::string label;  ///< in the legend; empty: none
  CurveKind kind = CurveKind::line;
  int colour = 1;  ///< 1 … 7 of the palette
  std::vector<CurvePoint> points;
};

/// Labels are plain UTF-8 text (commas become semicolons); Greek letters and − are translated where LaTeX sets the
/// text.
struct CurvePanel {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool x_log = false;
  bool y_log = false;
  std::vector<Curve> curves;
};

/// The CSV of a figure: panel, title, x_label, y_label, scale, series, label, kind, colour, x, y, lower, upper. Points
/// that cannot be drawn (not finite, or not positive on a logarithmic axis) are left out, and so are series and panels
/// without points; long lines are thinned to at most `most` points, each stretch by its extremes. One panel is one
/// column wide, several are two.
[[nodiscard]] FigureData curve_figure(const std::string& name, const std::vector<CurvePanel>& panels,
                                      std::size_t most = 1500);

}  // namespace brink
