// What hypotheses keep between programs: registrations, and the runs of a population.

#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/report/hypothesis_report.hpp"
#include "json_parts.hpp"

namespace brink {

using namespace json_parts;

namespace {

Json number_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

double number_of(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto text = json.get<std::string>();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

Decision decision_of(const std::string& text) {
  for (const Decision decision : {Decision::supported, Decision::refuted})
    if (to_string(decision) == text) return decision;
  return Decision::cannot_tell;
}

}  // namespace

std::string registration_json(const Registration& registration) {
  Json json;
  json["schema"] = "brink.registration/1";
  json["hash"] = registration.hash;
  json["date"] = registration.date;
  json["version"] = registration.version;
  json["forecasts"] = Json::array();
  for (const auto& [name, forecast] : registration.forecasts) {
    Json each;
    each["name"] = name;
    each["verdict"] = to_string(forecast.decision);
    each["power"] = forecast.power;
    each["seeds_planned"] = forecast.seeds_planned;
    each["seeds_needed"] = forecast.seeds_needed ? Json(*forecast.seeds_needed) : Json(nullptr);
    each["steps_factor_needed"] = forecast.steps_factor_needed ? Json(*forecast.steps_factor_needed) : Json(nullptr);
    each["measured_share"] = forecast.measured_share;
    each["pilot_seeds"] = forecast.pilot_seeds;
    each["limiting_contrast"] = forecast.limiting;
    each["standard_deviation"] = number_json(forecast.deviation);
    each["reason"] = forecast.reason;
    json["forecasts"].push_back(std::move(each));
  }
  json["superseded"] = registration.superseded;
  return written(json);
}

Registration registration_of(const std::string& json, const std::string& origin) {
  try {
    const Json parsed = Json::parse(json);
    if (parsed.at("schema") != "brink.registration/1") throw InvalidInput("");
    Registration registration;
    registration.hash = parsed.at("hash").get<std::string>();
    registration.date = parsed.at("date").get<std::string>();
    registration.version = parsed.at("version").get<std::string>();
    for (const auto& each : parsed.at("forecasts")) {
      PowerForecast forecast;
      forecast.decision = decision_of(each.at("verdict").get<std::string>());
      forecast.power = each.at("power").get<double>();
      forecast.seeds_planned = each.at("seeds_planned").get<std::int64_t>();
      if (!each.at("seeds_needed").is_null()) forecast.seeds_needed = each.at("seeds_needed").get<std::int64_t>();
      // Registrations of before the forecast of steps do not have these two.
      if (each.contains("steps_factor_needed") && !each.at("steps_factor_needed").is_null())
        forecast.steps_factor_needed = each.at("steps_factor_needed").get<double>();
      forecast.measured_share = each.value("measured_share", 0.0);
      forecast.pilot_seeds = each.at("pilot_seeds").get<std::int64_t>();
      forecast.limiting = each.at("limiting_contrast").get<std::string>();
      forecast.deviation = number_of(each.at("standard_deviation"));
      forecast.reason = each.at("reason").get<std::string>();
      registration.forecasts.emplace_back(each.at("name").get<std::string>(), std::move(forecast));
    }
    registration.superseded = parsed.at("superseded").get<std::vector<std::string>>();
    return registration;
  } catch (const std::exception&) {
    throw InvalidInput(origin + " is no registration, need what brink hypothesis register wrote");
  }
}

std::string observations_line(const std::vector<Observation>& runs) {
  Json json = Json::array();
  for (const auto& run : runs) {
    Json each;
    each["seed"] = run.seed;
    each["parameters"] = run.parameters;
    each["numbers"] = Json::object();
    for (const auto& [name, value] : run.numbers) each["numbers"][name] = number_json(value);
    each["standard_errors"] = Json::object();
    for (const auto& [name, value] : run.standard_errors) each["standard_errors"][name] = number_json(value);
    each["texts"] = run.texts;
    each["traces"] = Json::object();
    for (const auto& [name, values] : run.traces) {
      Json trace = Json::array();
      for (const double value : values) trace.push_back(number_json(value));
      each["traces"][name] = std::move(trace);
    }
    each["failure"] = run.failure;
    json.push_back(std::move(each));
  }
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::vector<Observation> observations_of(const std::string& line) {
  try {
    const Json parsed = Json::parse(line);
    std::vector<Observation> runs;
    for (const auto& each : parsed) {
      Observation run;
      run.seed = each.at("seed").get<std::int64_t>();
      run.parameters = each.at("parameters").get<std::vector<std::string>>();
      for (const auto& [name, value] : each.at("numbers").items()) run.numbers[name] = number_of(value);
      for (const auto& [name, value] : each.at("standard_errors").items()) run.standard_errors[name] = number_of(value);
      for (const auto& [name, value] : each.at("texts").items()) run.texts[name] = value.get<std::string>();
      for (const auto& [name, values] : each.at("traces").items())
        for (const auto& value : values) run.traces[name].push_back(number_of(value));
      run.failure = each.at("failure").get<std::string>();
      runs.push_back(std::move(run));
    }
    return runs;
  } catch (const nlohmann::json::exception& error) {
    throw InvalidInput(std::string("checkpoint: ") + error.what() + ", need runs of a population");
  }
}

}  // namespace brink
