// The result of brink simulate as JSON.

#include <fmt/format.h>

#include <cmath>

#include "brink/report/json_report.hpp"
#include "json_parts.hpp"

namespace brink {

using namespace json_parts;

namespace {

void put_interval(Json& json, const std::string& key, const Interval& interval) {
  put_number(json, (key + "_lower").c_str(), interval.lower);
  put_number(json, (key + "_upper").c_str(), interval.upper);
}

void put_exact(Json& json, const char* key, const std::optional<Estimate>& exact, const std::string& reason) {
  const std::string error_key = std::string(key) + "_error";
  if (exact) {
    put_number(json, key, exact->value);
    put_number(json, error_key.c_str(), exact->error);
  } else {
    put_null(json, key, "not known", reason);
    json[error_key] = nullptr;
  }
}

Json escape_json(const EscapeResult& escape) {
  Json json;
  put_number(json, "level", escape.level);
  json["horizon"] = escape.summary.horizon;
  json["replicas"] = escape.summary.replicas;
  json["escaped"] = escape.summary.escaped;
  json["confidence"] = escape.survival.confidence;
  const auto put_time = [&](const char* key, const std::optional<Index>& time) {
    if (time) {
      json[key] = *time;
    } else {
      put_null(json, key, "censored", fmt::format("beyond the horizon of {} steps", escape.summary.horizon));
    }
  };
  put_time("median", escape.summary.median);
  put_time("median_lower", escape.summary.median_lower);
  put_time("median_upper", escape.summary.median_upper);
  put_number(json, "hazard", escape.survival.hazard);
  put_interval(json, "hazard", escape.survival.hazard_interval);
  put_exact(json, "mean_log_growth", escape.exact_log_growth, "the growth of the mean loss has no theory here");
  if (escape.exact_log_growth && escape.exact_log_growth->value > 0) {
    put_number(json, "mean_passage", std::log(escape.level) / escape.exact_log_growth->value);
  } else {
    put_null(json, "mean_passage", "none", "the mean loss does not grow, or its growth is not known");
  }
  json["survival"] = Json::array();
  for (const auto& point : escape.survival.curve) {
    Json one;
    one["step"] = point.time;
    one["at_risk"] = point.at_risk;
    one["escaped"] = point.ended;
    put_number(one, "survival", point.survival);
    put_number(one, "standard_error", point.standard_error);
    put_number(one, "lower", point.interval.lower);
    put_number(one, "upper", point.interval.upper);
    json["survival"].push_back(one);
  }
  return json;
}

Json tail_json(const TailResult& tail) {
  Json json;
  put_number(json, "alpha", tail.fit.alpha);
  put_interval(json, "alpha", tail.fit.interval);
  json["confidence"] = tail.fit.confidence;
  json["exceedances"] = tail.fit.exceedances;
  put_number(json, "bias_of_inverse", tail.fit.bias);
  put_exact(json, "alpha_exact", tail.exact, tail.reason);
  json["hill"] = Json::array();
  for (const auto& point : tail.fit.plot) {
    Json one;
    one["exceedances"] = point.exceedances;
    put_number(one, "threshold", point.threshold);
    put_number(one, "alpha", point.alpha);
    put_interval(one, "alpha", point.interval);
    json["hill"].push_back(one);
  }
  return json;
}

Json horizon_json(const HorizonResult& result) {
  Json json;
  json["runs"] = result.curve.runs;
  json["replicas"] = result.curve.replicas;
  put_exact(json, "log_growth_exact", result.exact_log_growth, "this moment has no theory here");
  put_number(json, "horizon", result.curve.horizon);
  if (result.exact_horizon) {
    put_number(json, "horizon_exact", *result.exact_horizon);
  } else {
    put_null(json, "horizon_exact", "not known", "the growth of neighbouring moments has no theory here");
  }
  json["points"] = Json::array();
  for (const auto& point : result.curve.points) {
    Json one;
    one["steps"] = point.steps;
    put_number(one, "ensemble", point.ensemble);
    put_interval(one, "ensemble", point.ensemble_interval);
    put_number(one, "cloning", point.cloning);
    put_interval(one, "cloning", point.cloning_interval);
    json["points"].push_back(one);
  }
  return json;
}

Json trajectories_json(const TrajectoryResult& result) {
  Json json;
  json["start"] = "random directions of equal E x_i^2, mean loss 1";
  put_number(json, "confidence", result.confidence);
  if (result.exact.empty()) put_null(json, "exact", "not known", result.reason);
  json["points"] = Json::array();
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const LossStatistics& point = result.points[i];
    Json one;
    one["step"] = point.step;
    put_number(one, "mean", point.mean);
    put_number(one, "standard_error", point.standard_error);
    put_number(one, "median", point.median);
    put_number(one, "lower", point.lower);
    put_number(one, "upper", point.upper);
    if (!result.exact.empty()) put_number(one, "exact", result.exact[i]);
    json["points"].push_back(one);
  }
  return json;
}

Json mixing_json(const MixingResult& mixing) {
  Json json;
  if (mixing.measured.decay) {
    const DecayRate& decay = *mixing.measured.decay;
    put_number(json, "rate", decay.value);
    put_number(json, "rate_standard_error", decay.standard_error);
    json["lag_from"] = decay.from;
    json["lag_to"] = decay.to;
    put_number(json, "relaxation_time", 1 / decay.value);
  } else {
    put_null(json, "rate", "not found", mixing.measured.no_decay);
    json["rate_standard_error"] = nullptr;
  }
  put_exact(json, "rate_exact", mixing.exact_rate, mixing.reason);
  json["correlation"] = Json::array();
  for (const Correlation& point : mixing.measured.curve) {
    Json one;
    one["lag"] = point.lag;
    put_number(one, "correlation", point.value);
    put_number(one, "standard_error", point.standard_error);
    json["correlation"].push_back(one);
  }
  return json;
}

Json population_json(const PopulationBias& population) {
  Json json;
  put_number(json, "log_growth", population.log_growth.value);
  put_number(json, "standard_error", population.log_growth.error);
  put_number(json, "degrees_of_freedom", population.degrees_of_freedom);
  put_number(json, "bias", population.bias);
  put_number(json, "bias_standard_error", population.bias_error);
  json["points"] = Json::array();
  for (const auto& point : population.points) {
    Json one;
    one["replicas"] = point.replicas;
    one["runs"] = point.runs;
    put_number(one, "log_growth", point.log_growth);
    put_number(one, "standard_error", point.standard_error);
    json["points"].push_back(one);
  }
  return json;
}

Json difference_json(const GrowthDifference& difference, double from) {
  Json json;
  put_number(json, "eta_before", from);
  put_number(json, "log_growth", difference.difference.value);
  put_number(json, "standard_error", difference.difference.error);
  put_number(json, "degrees_of_freedom", difference.degrees_of_freedom);
  put_number(json, "variance_reduction", difference.variance_reduction);
  return json;
}

void put_estimate(Json& json, const char* key, const char* error_key, const std::optional<GrowthEstimate>& estimate,
                  const std::string& method) {
  if (estimate) {
    put_number(json, key, estimate->log_growth.value);
    put_number(json, error_key, estimate->log_growth.error);
  } else {
    put_null(json, key, "not measured", fmt::format("method = {}", method));
    json[error_key] = nullptr;
  }
}

Json simulation_row_json(const SimulationRow& row) {
  Json json;
  put_cell(json, row.cell);
  put_number(json, "eta", row.eta);
  put_number(json, "moment", row.moment);
  put_estimate(json, "log_growth", "standard_error", row.growth, row.method);
  json["method"] = row.method;
  put_estimate(json, "lyapunov", "lyapunov_standard_error", row.lyapunov, row.method);
  if (row.exact_log_growth) put_exact(json, "log_growth_exact", row.exact_log_growth, "");
  put_other_parameters(json, row.cell);
  if (row.epoch) put_epoch(json, *row.epoch);
  json["control"] = row.control;
  std::vector<std::string> warnings;
  if (row.growth) {
    put_number(json, "degrees_of_freedom", row.growth->degrees_of_freedom);
    if (row.method == "cloning") {
      put_number(json, "bias_correction", row.growth->bias_correction);
      put_number(json, "effective_ancestors", row.growth->effective_ancestors);
    }
    if (row.method == "ensemble") put_number(json, "horizon", row.growth->horizon);
    warnings = row.growth->log_growth.warnings;
  }
  if (row.lyapunov) {
    const auto& more = row.lyapunov->log_growth.warnings;
    warnings.insert(warnings.end(), more.begin(), more.end());
  }
  if (row.escape) json["escape"] = escape_json(*row.escape);
  if (row.tail) json["tail"] = tail_json(*row.tail);
  if (row.horizon) json["horizon_curve"] = horizon_json(*row.horizon);
  if (row.trajectories) json["trajectories"] = trajectories_json(*row.trajectories);
  if (row.mixing) json["mixing"] = mixing_json(*row.mixing);
  if (row.population) {
    json["population_bias"] = population_json(*row.population);
    for (const auto& warning : row.population->log_growth.warnings) warnings.push_back("runs for the bias: " + warning);
  }
  if (row.difference) json["difference"] = difference_json(*row.difference, row.difference_from);
  json["warnings"] = warnings;
  return json;
}

}  // namespace

std::string simulation_json(const LoadedModel& model, const std::vector<SimulationRow>& rows) {
  Json json;
  json["schema"] = "brink.simulate/1";
  json["model"] = model_json(model);
  json["rows"] = Json::array();
  for (const auto& row : rows) json["rows"].push_back(simulation_row_json(row));
  return written(json);
}

}  // namespace brink
