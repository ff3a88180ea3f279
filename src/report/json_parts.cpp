#include "json_parts.hpp"

#include <fmt/format.h>

#include <cmath>

namespace brink::json_parts {
namespace {

Json option_json(const OptionValue& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

}  // namespace

void put_null(Json& object, const char* key, const std::string& status, const std::string& reason) {
  object[key] = nullptr;
  object["status"] = status;
  const std::string text = fmt::format("{}: {}", key, reason);
  object["reason"] = object.contains("reason") ? object["reason"].get<std::string>() + "; " + text : text;
}

void put_number(Json& object, const char* key, double value) {
  if (std::isfinite(value)) {
    object[key] = value == 0 ? 0.0 : value;
  } else {
    const char* reason = std::isnan(value) ? "not a number" : value > 0 ? "infinite" : "minus infinity";
    put_null(object, key, "not finite", reason);
  }
}

const char* error_kind_name(ErrorKind kind) { return kind == ErrorKind::residual ? "residual" : "standard error"; }

Json model_json(const LoadedModel& loaded) {
  const LinearizedModel& model = loaded.model;
  const auto& origin = model.origin();
  Json json;
  if (model.has_samples()) {
    json["samples"] = model.samples().samples;
    json["outputs"] = model.samples().outputs;
  } else {
    const char* reason = "a population of fresh rows";
    put_null(json, "samples", "not applicable", reason);
    put_null(json, "outputs", "not applicable", reason);
  }
  json["rank"] = model.rank();
  put_number(json, "lambda_max", model.lambda_max());
  put_number(json, "trace", model.trace());
  put_number(json, "frobenius", model.frobenius());
  put_number(json, "spectrum_relative_error", origin.eigen_residual);
  json["loss_convention"] = kLossConvention;
  json["interpolates"] = model.interpolates();
  json["kind"] = loaded.kind;
  json["route"] = origin.route;
  put_number(json, "rank_tolerance", origin.rank_tolerance);
  json["dropped"] = origin.dropped;
  put_number(json, "largest_dropped", origin.largest_dropped);
  json["options"] = Json::object();
  for (const auto& [key, value] : loaded.resolved) json["options"][key] = option_json(value);
  json["notes"] = loaded.notes;
  json["warnings"] = origin.warnings;
  return json;
}

void put_cell(Json& json, const Cell& cell) {
  json["rule"] = cell.rule;
  put_number(json, "momentum", cell.parameters.momentum);
  json["sampling"] = cell.sampling;
  json["batch"] = cell.batch_size;
}

void put_other_parameters(Json& json, const Cell& cell) {
  if (cell.rule == "qhm") put_number(json, "nu", cell.parameters.nu);
  if (cell.rule == "dampened") put_number(json, "dampening", cell.parameters.dampening);
  if (cell.parameters.weight_decay != 0) put_number(json, "weight_decay", cell.parameters.weight_decay);
}

void put_epoch(Json& json, const Epoch& epoch) {
  json["steps_per_epoch"] = epoch.steps();
  json["last_batch"] = to_string(epoch.last_batch);
}

std::string written(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace brink::json_parts
