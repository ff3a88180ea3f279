#include "brink/report/curve_figure.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "table_values.hpp"

namespace brink {

using namespace table_values;

namespace {

std::string kind_name(CurveKind kind) {
  switch (kind) {
    case CurveKind::line:
      return "line";
    case CurveKind::thin:
      return "thin";
    case CurveKind::dashed:
      return "dashed";
    case CurveKind::points:
      return "points";
    case CurveKind::joined:
      return "joined";
    case CurveKind::band:
      return "band";
  }
  return "line";
}

/// gnuplot ends a text at its first comma, quoted or not.
std::string without_commas(std::string text) {
  std::replace(text.begin(), text.end(), ',', ';');
  return text;
}

bool can_be_drawn(const CurvePanel& panel, CurveKind kind, const CurvePoint& point) {
  if (!std::isfinite(point.x) || (panel.x_log && point.x <= 0)) return false;
  if (kind == CurveKind::band)
    return std::isfinite(point.lower) && std::isfinite(point.upper) && (!panel.y_log || point.lower > 0);
  return std::isfinite(point.y) && (!panel.y_log || point.y > 0);
}

/// An interval that leaves the axis is cut where a logarithmic axis can still show it.
CurvePoint on_axis(const CurvePanel& panel, CurvePoint point) {
  if (panel.y_log && std::isfinite(point.lower) && point.lower <= 0) point.lower = point.y / 10;
  if (!std::isfinite(point.lower) || !std::isfinite(point.upper))
    point.lower = point.upper = std::numeric_limits<double>::quiet_NaN();
  return point;
}

std::vector<CurvePoint> drawn_points(const CurvePanel& panel, const Curve& curve) {
  std::vector<CurvePoint> points;
  for (const auto& point : curve.points) {
    if (can_be_drawn(panel, curve.kind, point)) points.push_back(on_axis(panel, point));
  }
  return points;
}

/// At most about `most` points: of every stretch its lowest and its highest, in their order.
std::vector<CurvePoint> thinned(std::vector<CurvePoint> points, std::size_t most) {
  if (points.size() <= most || most < 4) return points;
  const std::size_t stretches = most / 2;
  std::vector<CurvePoint> kept;
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto from = points.begin() + static_cast<std::ptrdiff_t>(i * points.size() / stretches);
    const auto to = points.begin() + static_cast<std::ptrdiff_t>((i + 1) * points.size() / stretches);
    if (from == to) continue;
    auto [low, high] = std::minmax_element(from, to, [](const auto& a, const auto& b) { return a.y < b.y; });
    if (low > high) std::swap(low, high);
    kept.push_back(*low);
    if (low != high) kept.push_back(*high);
  }
  return kept;
}

}  // namespace

FigureData curve_figure(const std::string& name, const std::vector<CurvePanel>& panels, std::size_t most) {
  Table table({{"panel"},
               {"title"},
               {"x_label"},
               {"y_label"},
               {"scale"},
               {"series"},
               {"label"},
               {"kind"},
               {"colour"},
               {"x"},
               {"y"},
               {"lower"},
               {"upper"}});
  std::int64_t panel_number = 0;
  std::int64_t series = 0;
  for (const auto& panel : panels) {
    bool drawn = false;
    for (const auto& curve : panel.curves) {
      auto points = drawn_points(panel, curve);
      const bool line = curve.kind == CurveKind::line || curve.kind == CurveKind::thin;
      if (line) points = thinned(std::move(points), most);
      if (points.empty()) continue;
      drawn = true;
      for (const auto& point : points) {
        table.add_row({panel_number, without_commas(panel.title), without_commas(panel.x_label),
                       without_commas(panel.y_label), std::string(panel.x_log ? "x" : "") + (panel.y_log ? "y" : ""),
                       series, without_commas(curve.label), kind_name(curve.kind),
                       static_cast<std::int64_t>(curve.colour), number(point.x),
                       number(curve.kind == CurveKind::band && !std::isfinite(point.y) ? point.upper : point.y),
                       number(point.lower), number(point.upper)});
      }
      ++series;
    }
    if (drawn) ++panel_number;
  }
  FigureData figure{name, "curves", std::move(table)};
  figure.width = panel_number > 1 ? 178 : 0;
  return figure;
}

}  // namespace brink
