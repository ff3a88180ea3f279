#include "brink/report/regime_report.hpp"

#include <cmath>

#include "json_parts.hpp"

namespace brink {

using namespace json_parts;

namespace {

Json boundary_json(const Boundary& boundary) {
  Json json;
  if (boundary.batch) {
    json["batch"] = *boundary.batch;
  } else {
    json["batch"] = nullptr;
  }
  // An end that is not known is infinite, and written as null.
  json["interval"] = {boundary.interval.lower, boundary.interval.upper};
  json["reason"] = boundary.reason;
  return json;
}

Json curve_json(const RegimeCurve& curve) {
  Json json;
  json["source"] = curve.source;
  json["noise_dominated_up_to"] = boundary_json(curve.noise_dominated_up_to);
  json["half"] = boundary_json(curve.half);
  json["curvature_dominated_from"] = boundary_json(curve.curvature_dominated_from);
  json["points"] = Json::array();
  for (std::size_t i = 0; i < curve.batch.size(); ++i)
    json["points"].push_back(
        {{"batch", curve.batch[i]},
         {"eta", curve.eta[i]},
         {"residual", curve.residual.empty() ? Json(nullptr) : Json(curve.residual[i])},
         {"standard_error", curve.residual.empty() ? Json(curve.standard_error[i]) : Json(nullptr)},
         {"share_of_edge", curve.share[i]},
         {"regime", to_string(curve.regime[i])}});
  return json;
}

std::vector<const RegimeCurve*> curves_of(const BatchRegimes& row) {
  std::vector<const RegimeCurve*> curves = {&row.theory};
  for (const auto& curve : row.measured) curves.push_back(&curve);
  return curves;
}

TableValue finite_value(double value) { return std::isfinite(value) ? TableValue(value) : TableValue(); }

}  // namespace

std::string regimes_json(const LoadedModel& model, const std::vector<BatchRegimes>& rows) {
  Json json;
  json["schema"] = "brink.regimes/1";
  json["model"] = model_json(model);
  if (const auto agree = regimes_agree(rows)) {
    json["agree"] = *agree;
  } else {
    put_null(json, "agree", "not measured", "theory alone: measure compares it with trajectories");
  }
  json["proportional_slope"] = kProportional;
  json["saturated_share"] = kSaturated;
  json["rows"] = Json::array();
  for (const auto& row : rows) {
    Json each;
    each["rule"] = row.rule;
    each["momentum"] = row.momentum;
    each["sampling"] = row.sampling;
    put_number(each, "edge", row.edge);
    each["curves"] = Json::array();
    for (const auto* curve : curves_of(row)) each["curves"].push_back(curve_json(*curve));
    each["comparisons"] = Json::array();
    for (const auto& comparison : row.comparisons)
      each["comparisons"].push_back({{"source", comparison.source},
                                     {"boundary", comparison.boundary},
                                     {"theory", comparison.theory},
                                     {"measured", comparison.measured},
                                     {"interval", {comparison.interval.lower, comparison.interval.upper}},
                                     {"z", comparison.z},
                                     {"critical_z", comparison.critical_z},
                                     {"agrees", comparison.agrees}});
    json["rows"].push_back(std::move(each));
  }
  return written(json);
}

Table regime_table(const std::vector<BatchRegimes>& rows) {
  Table table({{"rule"},
               {"momentum"},
               {"sampling"},
               {"source"},
               {"noise_dominated_up_to", 4},
               {"noise_lower", 4},
               {"noise_upper", 4},
               {"half", 4},
               {"half_lower", 4},
               {"half_upper", 4},
               {"curvature_dominated_from", 4},
               {"curvature_lower", 4},
               {"curvature_upper", 4}});
  for (const auto& row : rows)
    for (const auto* curve : curves_of(row)) {
      std::vector<TableValue> values = {row.rule, row.momentum, row.sampling, curve->source};
      for (const auto* boundary : {&curve->noise_dominated_up_to, &curve->half, &curve->curvature_dominated_from}) {
        values.push_back(boundary->batch ? TableValue(*boundary->batch) : TableValue());
        values.push_back(finite_value(boundary->interval.lower));
        values.push_back(finite_value(boundary->interval.upper));
      }
      table.add_row(std::move(values));
    }
  return table;
}

Table regime_point_table(const std::vector<BatchRegimes>& rows) {
  Table table({{"rule"},
               {"momentum"},
               {"sampling"},
               {"source"},
               {"batch"},
               {"eta"},
               {"residual", 2},
               {"standard_error", 3},
               {"share_of_edge", 4},
               {"regime"}});
  for (const auto& row : rows)
    for (const auto* curve : curves_of(row))
      for (std::size_t i = 0; i < curve->batch.size(); ++i)
        table.add_row({row.rule, row.momentum, row.sampling, curve->source, std::int64_t{curve->batch[i]},
                       curve->eta[i], curve->residual.empty() ? TableValue() : TableValue(curve->residual[i]),
                       curve->residual.empty() ? TableValue(curve->standard_error[i]) : TableValue(), curve->share[i],
                       to_string(curve->regime[i])});
  return table;
}

Table regime_comparison_table(const std::vector<BatchRegimes>& rows) {
  Table table({{"rule"},
               {"momentum"},
               {"sampling"},
               {"source"},
               {"boundary"},
               {"theory", 4},
               {"measured", 4},
               {"lower", 4},
               {"upper", 4},
               {"z", 3},
               {"critical_z", 3},
               {"agrees"}});
  for (const auto& row : rows)
    for (const auto& each : row.comparisons)
      table.add_row({row.rule, row.momentum, row.sampling, each.source, each.boundary, each.theory, each.measured,
                     each.interval.lower, each.interval.upper, each.z, each.critical_z, each.agrees});
  return table;
}

}  // namespace brink
