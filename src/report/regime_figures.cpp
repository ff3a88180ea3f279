// The picture of batch-size regimes: share of the noise-free edge against the batch size.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "brink/report/curve_figure.hpp"
#include "brink/report/regime_report.hpp"

namespace brink {
namespace {

constexpr double kNormal95 = 1.96;

/// The threshold as a share of the edge; measured points with their 95% intervals.
Curve share_curve(const RegimeCurve& curve, double edge, int colour) {
  const bool measured = curve.source != "theory";
  Curve shown{curve.source == "direct" ? "SGD on the problem"
              : measured               ? "linearized trajectories"
                                       : "theory",
              measured ? CurveKind::points : CurveKind::line,
              colour,
              {}};
  for (std::size_t i = 0; i < curve.batch.size(); ++i) {
    CurvePoint point{static_cast<double>(curve.batch[i]), curve.share[i]};
    if (measured) {
      const double half_width = kNormal95 * curve.standard_error[i] / edge;
      point.lower = point.y - half_width;
      point.upper = point.y + half_width;
    }
    shown.points.push_back(point);
  }
  return shown;
}

/// Batch sizes of a regime as the whole height of the panel.
Curve regime_band(std::string label, int colour, double from, double to, double bottom, double top) {
  return {std::move(label), CurveKind::band, colour, {{from, top, bottom, top}, {to, top, bottom, top}}};
}

CurvePanel panel_of(const BatchRegimes& row) {
  const RegimeCurve& theory = row.theory;
  CurvePanel panel;
  panel.title = row.rule == "sgd" ? "SGD" : fmt::format("{}; β = {}", row.rule, row.momentum);
  panel.x_label = "batch size";
  panel.y_label = "share of the noise-free edge";
  panel.x_log = panel.y_log = true;
  const double first = static_cast<double>(theory.batch.front());
  const double last = static_cast<double>(theory.batch.back());
  const double bottom = *std::min_element(theory.share.begin(), theory.share.end());
  const double top = std::max(1.0, *std::max_element(theory.share.begin(), theory.share.end()));
  if (const auto& end = theory.noise_dominated_up_to.batch; end && *end > first)
    panel.curves.push_back(regime_band("noise-dominated", 2, first, *end, bottom, top));
  if (const auto& start = theory.curvature_dominated_from.batch; start && *start < last)
    panel.curves.push_back(regime_band("curvature-dominated", 1, *start, last, bottom, top));
  // In proportion to the batch size, as far as the panel goes.
  const double reach = std::min(last, first * top / theory.share.front());
  panel.curves.push_back({"proportional to B",
                          CurveKind::dashed,
                          2,
                          {{first, theory.share.front()}, {reach, theory.share.front() * reach / first}}});
  panel.curves.push_back(share_curve(theory, row.edge, 7));
  int colour = 3;
  for (const auto& curve : row.measured) panel.curves.push_back(share_curve(curve, row.edge, colour++));
  return panel;
}

}  // namespace

FigureData regime_figure(const std::vector<BatchRegimes>& rows) {
  std::vector<CurvePanel> panels;
  for (const auto& row : rows) panels.push_back(panel_of(row));
  return curve_figure("regimes", panels);
}

}  // namespace brink
