// Cells of a phase diagram as lines of a checkpoint.

#include <nlohmann/json.hpp>

#include "brink/base/error.hpp"
#include "brink/report/phase_report.hpp"

namespace brink {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const CellValue& value) {
  if (!value.estimate) return {{"reason", value.reason}};
  const Estimate& estimate = *value.estimate;
  return {{"value", estimate.value},
          {"error", estimate.error},
          {"standard_error", estimate.kind == ErrorKind::standard_error},
          {"method", estimate.method},
          {"warnings", estimate.warnings}};
}

CellValue value_of(const Json& json) {
  if (json.contains("reason")) return {{}, json.at("reason").get<std::string>()};
  const auto kind = json.at("standard_error").get<bool>() ? ErrorKind::standard_error : ErrorKind::residual;
  return {Estimate{json.at("value").get<double>(), json.at("error").get<double>(), kind,
                   json.at("method").get<std::string>(), json.at("warnings").get<std::vector<std::string>>()},
          ""};
}

Json to_json(const SettingThreshold& threshold) {
  return {{"eta", threshold.eta_mean_square},
          {"residual", threshold.residual},
          {"edge", threshold.eta_deterministic},
          {"method", threshold.method},
          {"reason", threshold.reason}};
}

SettingThreshold threshold_of(const Json& json) {
  return {json.at("eta").get<double>(), json.at("residual").get<double>(), json.at("edge").get<double>(),
          json.at("method").get<std::string>(), json.at("reason").get<std::string>()};
}

Json to_json(const NotionThreshold& notion) {
  return {{"moment", notion.moment},
          {"eta", to_json(notion.eta)},
          {"intervals", notion.intervals},
          {"all", notion.all_intervals}};
}

NotionThreshold notion_of(const Json& json) {
  return {json.at("moment").get<double>(), value_of(json.at("eta")), json.at("intervals").get<Index>(),
          json.at("all").get<bool>()};
}

Json to_json(const EscapeSummary& escape) {
  const auto optional = [](const std::optional<Index>& value) { return value ? Json(*value) : Json(nullptr); };
  return {{"replicas", escape.replicas},
          {"escaped", escape.escaped},
          {"horizon", escape.horizon},
          {"lower", escape.fraction.lower},
          {"upper", escape.fraction.upper},
          {"median", optional(escape.median)},
          {"median_lower", optional(escape.median_lower)},
          {"median_upper", optional(escape.median_upper)},
          {"hazard", escape.hazard},
          {"hazard_lower", escape.hazard_interval.lower},
          {"hazard_upper", escape.hazard_interval.upper},
          {"mean", escape.mean},
          {"mean_error", escape.mean_error}};
}

EscapeSummary escape_of(const Json& json) {
  const auto optional = [&](const char* key) {
    return json.at(key).is_null() ? std::optional<Index>() : std::optional<Index>(json.at(key).get<Index>());
  };
  return {json.at("replicas").get<Index>(),
          json.at("escaped").get<Index>(),
          json.at("horizon").get<Index>(),
          {json.at("lower").get<double>(), json.at("upper").get<double>()},
          optional("median"),
          optional("median_lower"),
          optional("median_upper"),
          json.at("hazard").get<double>(),
          {json.at("hazard_lower").get<double>(), json.at("hazard_upper").get<double>()},
          json.at("mean").get<double>(),
          json.at("mean_error").get<double>()};
}

}  // namespace

std::string phase_record(Index cell, const PhaseCell& value) {
  Json json;
  json["cell"] = cell;
  json["growth"] = to_json(value.growth);
  if (value.stable) json["stable"] = *value.stable;
  if (value.threshold) json["threshold"] = to_json(*value.threshold);
  for (const NotionThreshold& notion : value.notions) json["notions"].push_back(to_json(notion));
  if (value.measured_growth) json["measured_growth"] = to_json(*value.measured_growth);
  if (value.lyapunov) json["lyapunov"] = to_json(*value.lyapunov);
  if (value.escape) json["escape"] = to_json(*value.escape);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::pair<Index, PhaseCell> read_phase_record(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    PhaseCell value;
    value.growth = value_of(json.at("growth"));
    if (json.contains("stable")) value.stable = json.at("stable").get<bool>();
    if (json.contains("threshold")) value.threshold = threshold_of(json.at("threshold"));
    if (json.contains("notions")) {
      for (const Json& notion : json.at("notions")) value.notions.push_back(notion_of(notion));
    }
    if (json.contains("measured_growth")) value.measured_growth = value_of(json.at("measured_growth"));
    if (json.contains("lyapunov")) value.lyapunov = value_of(json.at("lyapunov"));
    if (json.contains("escape")) value.escape = escape_of(json.at("escape"));
    return {json.at("cell").get<Index>(), std::move(value)};
  } catch (const Json::exception& error) {
    fail_argument("read_phase_record", "text", error.what(), "a line that phase_record wrote");
  }
}

}  // namespace brink
