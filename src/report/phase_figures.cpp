// The numbers behind the picture of a phase diagram.

#include <algorithm>
#include <cmath>
#include <functional>

#include "brink/report/phase_report.hpp"
#include "brink/verification/phase_interpolation.hpp"

namespace brink {
namespace {

/// Value of a cell in a picture, by its number; empty where there is none.
using Shown = std::function<std::optional<double>(Index cell)>;

/// Boxes a line of cells has at most in a picture: finer ones nobody sees, and the data of a figure stay small.
constexpr Index kBoxesOfLine = 64;

double on_scale(const GridAxis& axis, double value) { return axis.logarithmic ? std::log(value) : value; }
double off_scale(const GridAxis& axis, double value) { return axis.logarithmic ? std::exp(value) : value; }

/// The lower end of the box of value `i` of an axis: midway to its neighbour, as far out at the ends. `i` may be one
/// past the last.
double low_end(const GridAxis& axis, Index i) {
  const auto at = [&](Index k) { return on_scale(axis, axis.values[static_cast<std::size_t>(k)]); };
  const auto size = static_cast<Index>(axis.values.size());
  if (i == 0) return off_scale(axis, at(0) - 0.5 * (at(1) - at(0)));
  if (i == size) return off_scale(axis, at(size - 1) + 0.5 * (at(size - 1) - at(size - 2)));
  return off_scale(axis, 0.5 * (at(i - 1) + at(i)));
}

/// ln ρ of every cell: computed, interpolated, or that of the nearest computed one.
std::vector<std::optional<double>> growth_of_cells(const PhasePlan& plan, const PhaseCells& cells,
                                                   const std::vector<Index>& sources) {
  const auto interpolated = interpolate_growth(plan, cells);
  std::vector<std::optional<double>> values(sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto between = interpolated.find(static_cast<Index>(i));
    const auto& computed = cells.at(sources[i]).growth.estimate;
    if (between != interpolated.end()) {
      values[i] = between->second.log_growth;
    } else if (computed) {
      values[i] = computed->value;
    }
  }
  return values;
}

/// For every cell the one whose value it shows: the middle one of its stretch of the line, where that has its sign.
std::vector<Index> stretches(const PhasePlan& plan, const std::vector<std::optional<double>>& values) {
  const PhaseGrid grid(plan);
  const Index length = grid.line_length();
  const Index stretch = (length + kBoxesOfLine - 1) / kBoxesOfLine;
  std::vector<Index> sources(values.size());
  for (Index line = 0; line < grid.lines(); ++line) {
    for (Index position = 0; position < length; ++position) {
      const Index first = position - position % stretch;
      const Index last = std::min(first + stretch, length) - 1;
      const Index own = grid.cell(line, position);
      const Index middle = grid.cell(line, (first + last) / 2);
      const auto& a = values[static_cast<std::size_t>(own)];
      const auto& b = values[static_cast<std::size_t>(middle)];
      sources[static_cast<std::size_t>(own)] = a && b && (*a < 0) == (*b < 0) ? middle : own;
    }
  }
  return sources;
}

/// Cells first…last of row y that take their values from the same cell.
struct Box {
  Index source, first, last, bottom, top;
};

/// The grid of one panel as boxes: runs of a row with one source, joined with equal runs of the rows below.
std::vector<Box> boxes_of(const PhaseGrid& grid, const std::vector<Index>& sources, Index panel) {
  std::vector<Box> boxes;
  std::vector<Box> open;  // boxes that end in the row before
  for (Index y = 0; y < grid.rows(); ++y) {
    std::vector<Box> row;
    for (Index x = 0; x < grid.columns(); ++x) {
      const Index source = sources[static_cast<std::size_t>((panel * grid.rows() + y) * grid.columns() + x)];
      if (!row.empty() && row.back().source == source) {
        row.back().last = x;
      } else {
        row.push_back({source, x, x, y, y});
      }
    }
    for (Box& box : row) {
      const auto below = std::find_if(open.begin(), open.end(), [&](const Box& other) {
        return other.source == box.source && other.first == box.first && other.last == box.last;
      });
      if (below == open.end()) continue;
      box.bottom = below->bottom;
      open.erase(below);
    }
    boxes.insert(boxes.end(), open.begin(), open.end());
    open = std::move(row);
  }
  boxes.insert(boxes.end(), open.begin(), open.end());
  return boxes;
}

struct Point {
  double x = 0, y = 0;
};

/// The point of the plane at `along` on the lines' axis and `across` on the other.
Point on_line(const PhaseGrid& grid, double along, double across) {
  return grid.lines_along_x() ? Point{along, across} : Point{across, along};
}

class Curves {
 public:
  Curves(const PhasePlan& plan, const PhaseGrid& grid, const PhaseCells& cells, Index panel)
      : grid_(grid),
        cells_(cells),
        along_(grid.lines_along_x() ? plan.x : plan.y),
        across_(grid.lines_along_x() ? plan.y : plan.x),
        first_line_(panel * (grid.lines() / grid.panels())) {}

  std::vector<Point> boundary() const { return grid_.has_eta_axis() ? thresholds(false) : crossings(); }
  /// The thresholds of another notion of stability, where the lines run along η.
  std::vector<Point> notion(double moment) const {
    std::vector<Point> points;
    if (!grid_.has_eta_axis()) return points;
    for (Index line = 0; line < lines(); ++line) {
      for (const NotionThreshold& notion : find(line, 0)->notions) {
        if (notion.moment == moment && notion.eta.estimate)
          points.push_back(on_line(grid_, notion.eta.estimate->value, across(line)));
      }
    }
    return points;
  }
  std::vector<Point> edge() const { return grid_.has_eta_axis() ? thresholds(true) : momentum_of_edge(); }

 private:
  double across(Index line) const { return across_.values[static_cast<std::size_t>(line)]; }
  const PhaseCell* find(Index line, Index position) const {
    const auto found = cells_.find(grid_.cell(first_line_ + line, position));
    return found == cells_.end() ? nullptr : &found->second;
  }
  Index lines() const { return static_cast<Index>(across_.values.size()); }

  std::vector<Point> thresholds(bool deterministic) const {
    std::vector<Point> points;
    for (Index line = 0; line < lines(); ++line) {
      const SettingThreshold& threshold = *find(line, 0)->threshold;
      const double eta = deterministic ? threshold.eta_deterministic : threshold.eta_mean_square;
      if (threshold.reason.empty() && eta > 0 && std::isfinite(eta))
        points.push_back(on_line(grid_, eta, across(line)));
    }
    return points;
  }

  /// Where ln ρ changes its sign between adjacent cells of a line: linear interpolation on the scale of the axis.
  std::vector<Point> crossings() const {
    std::vector<Point> points;
    for (Index line = 0; line < lines(); ++line) {
      for (Index position = 1; position < grid_.line_length(); ++position) {
        const PhaseCell* a = find(line, position - 1);
        const PhaseCell* b = find(line, position);
        if (a == nullptr || b == nullptr || !a->growth.estimate || !b->growth.estimate) continue;
        const double before = a->growth.estimate->value;
        const double after = b->growth.estimate->value;
        if ((before < 0) == (after < 0)) continue;
        const double low = on_scale(along_, along_.values[static_cast<std::size_t>(position - 1)]);
        const double high = on_scale(along_, along_.values[static_cast<std::size_t>(position)]);
        const double at = off_scale(along_, low + (high - low) * before / (before - after));
        points.push_back(on_line(grid_, at, across(line)));
      }
    }
    return points;
  }

  /// The momentum at which the step size of the panel is the noise-free edge, whatever the batch: interpolated between
  /// neighbouring lines. Two points for each.
  std::vector<Point> momentum_of_edge() const {
    std::vector<Point> points;
    const double eta = grid_.setting(grid_.cell(first_line_, 0)).eta;
    for (Index line = 1; line < lines(); ++line) {
      const double before = std::log(find(line - 1, 0)->threshold->eta_deterministic / eta);
      const double after = std::log(find(line, 0)->threshold->eta_deterministic / eta);
      if (!std::isfinite(before) || !std::isfinite(after) || (before < 0) == (after < 0)) continue;
      const double low = on_scale(across_, across(line - 1));
      const double high = on_scale(across_, across(line));
      const double at = off_scale(across_, low + (high - low) * before / (before - after));
      points.push_back(on_line(grid_, along_.values.front(), at));
      points.push_back(on_line(grid_, along_.values.back(), at));
    }
    return points;
  }

  const PhaseGrid& grid_;
  const PhaseCells& cells_;
  const GridAxis& along_;
  const GridAxis& across_;
  Index first_line_;
};

Table figure_data(const PhasePlan& plan, const PhaseCells& cells, const std::vector<Index>& sources,
                  const std::string& name, const Shown& shown) {
  const PhaseGrid grid(plan);
  Table table({{"figure"},
               {"rule"},
               {"sampling"},
               {"panel"},
               {"third"},
               {"third_value"},
               {"x_quantity"},
               {"x_scale"},
               {"y_quantity"},
               {"y_scale"},
               {"kind"},
               {"x"},
               {"x_low"},
               {"x_high"},
               {"y"},
               {"y_low"},
               {"y_high"},
               {"value"}});
  const auto scale = [](const GridAxis& axis) { return std::string(axis.logarithmic ? "log" : "linear"); };
  const auto add = [&](Index panel, const std::string& kind, const std::vector<TableValue>& values) {
    std::vector<TableValue> row = {name,
                                   plan.rule,
                                   plan.sampling,
                                   static_cast<std::int64_t>(panel),
                                   plan.third_quantity(),
                                   plan.third[static_cast<std::size_t>(panel)],
                                   plan.x.quantity,
                                   scale(plan.x),
                                   plan.y.quantity,
                                   scale(plan.y),
                                   kind};
    row.insert(row.end(), values.begin(), values.end());
    table.add_row(row);
  };
  const auto middle = [](const GridAxis& axis, double low, double high) {
    return off_scale(axis, 0.5 * (on_scale(axis, low) + on_scale(axis, high)));
  };
  for (Index panel = 0; panel < grid.panels(); ++panel) {
    for (const Box& box : boxes_of(grid, sources, panel)) {
      const auto value = shown(box.source);
      const double left = low_end(plan.x, box.first);
      const double right = low_end(plan.x, box.last + 1);
      const double bottom = low_end(plan.y, box.bottom);
      const double top = low_end(plan.y, box.top + 1);
      add(panel, "cell",
          {middle(plan.x, left, right), left, right, middle(plan.y, bottom, top), bottom, top,
           value ? TableValue(*value) : TableValue()});
    }
    const Curves curves(plan, grid, cells, panel);
    const auto add_curve = [&](const std::string& kind, const std::vector<Point>& points) {
      if (points.size() == 1) return;  // no curve, and no place in the legend
      for (const Point& point : points) add(panel, kind, {point.x, {}, {}, point.y, {}, {}, {}});
    };
    add_curve("boundary", curves.boundary());
    add_curve("edge", curves.edge());
    add_curve("almost-sure", curves.notion(0));
    add_curve("moment-4", curves.notion(4));
  }
  return table;
}

}  // namespace

std::vector<FigureData> phase_figures(const PhasePlan& plan, const PhaseCells& cells) {
  const auto sources = inherited_from(plan, cells);
  const auto growth = growth_of_cells(plan, cells, sources);
  std::vector<FigureData> figures;
  figures.push_back({"phase-diagram", "phase-diagram",
                     figure_data(plan, cells, stretches(plan, growth), "growth",
                                 [&](Index cell) { return growth[static_cast<std::size_t>(cell)]; })});
  if (plan.lyapunov) {
    // Measured values are not interpolated: cells show the nearest one.
    const auto measured = [&](Index cell) {
      const CellValue& value = *cells.at(cell).lyapunov;
      return value.estimate ? std::optional<double>(value.estimate->value) : std::nullopt;
    };
    figures.push_back(
        {"phase-diagram-lyapunov", "phase-diagram", figure_data(plan, cells, sources, "lyapunov", measured)});
  }
  return figures;
}

}  // namespace brink
