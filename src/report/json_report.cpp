#include "brink/report/json_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "json_parts.hpp"

namespace brink {

using namespace json_parts;

namespace {

void put_batch_sharpness(Json& json, const char* key, const std::optional<double>& value) {
  if (value) {
    put_number(json, key, *value);
  } else {
    put_null(
        json, key, "not applicable",
        "the threshold is the noise-free edge although batches are noisy, or there is none: no covariance grows first");
  }
}

Json bound_json(const Bound& bound, const MeanSquareThreshold& threshold) {
  Json json;
  json["name"] = bound.name;
  const bool has_eta = bound.eta && std::isfinite(*bound.eta);
  json["eta"] = has_eta ? Json(*bound.eta) : Json(nullptr);
  json["residual"] = has_eta && std::isfinite(bound.residual) ? Json(bound.residual) : Json(nullptr);
  json["eta_over_mean_square"] = has_eta && threshold.eta > 0 ? Json(*bound.eta / threshold.eta) : Json(nullptr);
  json["status"] = to_string(bound.status);
  json["vacuous"] = bound.vacuous;
  const bool infinite = bound.eta && !std::isfinite(*bound.eta);
  json["reason"] = infinite && bound.reason.empty() ? "eta: no finite step size is excluded" : bound.reason;
  json["source"] = bound.source;
  if (!bound.details.empty()) {
    json["details"] = Json::object();
    for (const auto& [name, value] : bound.details) put_number(json["details"], name.c_str(), value);
  }
  return json;
}

Json growth_json(const GrowthRow& row, double threshold, bool interpolates) {
  Json json;
  put_number(json, "eta", row.eta);
  put_number(json, "log_growth", row.growth.log_growth);
  put_number(json, "log_growth_error", row.growth.residual);
  json["stable"] = row.growth.stable;
  if (threshold > 0) {
    put_number(json, "eta_over_threshold", row.eta / threshold);
    put_number(json, "margin", 1 - row.eta / threshold);
  } else {
    put_null(json, "margin", "not applicable", "no step size is stable");
  }
  json["method"] = row.growth.method;
  if (row.stationary) {
    Json state;
    put_number(state, "trace", row.stationary->trace);
    put_number(state, "excess_loss", row.stationary->excess_loss);
    put_number(state, "gradient_norm_squared", row.stationary->gradient_norm_squared);
    put_number(state, "residual", row.stationary->residual);
    json["stationary"] = state;
  } else if (!interpolates && row.growth.stable) {
    put_null(json, "stationary", "not applicable", "fresh Gaussian rows come without the gradient noise of samples");
  }
  json["warnings"] = row.growth.warnings;
  return json;
}

void put_epoch_threshold(Json& json, const std::string& key, const std::optional<EpochThreshold>& threshold,
                         const std::string& reason) {
  if (threshold) {
    put_number(json, key.c_str(), threshold->eta);
    put_number(json, (key + "_residual").c_str(), threshold->residual);
  } else {
    put_null(json, key.c_str(), "out of reach", reason);
    json[key + "_residual"] = nullptr;
  }
}

/// A value and its error, which is a residual or a standard error.
void put_value(Json& json, const char* key, const char* error_key, const Estimate& estimate) {
  put_number(json, key, estimate.value);
  put_number(json, error_key, estimate.error);
  json["error_kind"] = estimate.kind == ErrorKind::residual ? "residual" : "standard error";
  json["method"] = estimate.method;
}

Json reshuffled_json(const ThresholdRow& row) {
  Json json;
  if (!row.reshuffled) {
    put_null(json, "eta", "none", "no step size is stable");
    return json;
  }
  const ReshuffledStability& epochs = *row.reshuffled;
  put_value(json, "eta", "error", epochs.eta);
  if (epochs.eta.kind == ErrorKind::standard_error) {
    put_number(json, "eta_lower", epochs.lower);
    put_number(json, "eta_upper", epochs.upper);
  }
  put_number(json, "eta_over_mean_square", epochs.eta.value / row.threshold.eta);
  put_epoch_threshold(json, "eta_mean", epochs.mean, epochs.mean_reason);
  put_epoch_threshold(json, "eta_cyclic", epochs.cyclic, epochs.cyclic_reason);
  put_epoch(json, epochs.epoch);
  std::vector<std::string> warnings = epochs.eta.warnings;
  if (!epochs.log_growth.empty()) json["growth"] = Json::array();
  for (std::size_t i = 0; i < epochs.log_growth.size(); ++i) {
    const Estimate& growth = epochs.log_growth[i];
    Json one;
    put_number(one, "eta", row.growth.at(i).eta);
    put_value(one, "log_growth", "log_growth_error", growth);
    json["growth"].push_back(one);
    warnings.insert(warnings.end(), growth.warnings.begin(), growth.warnings.end());
  }
  json["warnings"] = warnings;
  return json;
}

Json threshold_row_json(const ThresholdRow& row, const ThresholdReportOptions& options, bool interpolates) {
  Json json;
  put_cell(json, row.cell);
  put_number(json, "eta_deterministic", row.threshold.eta_deterministic);
  put_number(json, "eta_mean_square", row.threshold.eta);
  put_number(json, "residual", row.threshold.residual);
  if (row.subsample) {
    put_number(json, "eta_mean_square_standard_error", row.subsample->standard_error);
    json["standard_error_method"] = fmt::format("delete-a-group jackknife, {} groups", row.subsample->groups);
  }
  json["method"] = row.threshold.method;
  put_other_parameters(json, row.cell);
  if (options.bounds) {
    json["bounds"] = Json::array();
    for (const auto& bound : row.bounds) json["bounds"].push_back(bound_json(bound, row.threshold));
  }
  put_batch_sharpness(json["critical"], "batch_sharpness_in_times_eta", row.batch_sharpness_in_times_eta);
  if (options.growth) {
    json["growth"] = Json::array();
    for (const auto& growth : row.growth)
      json["growth"].push_back(growth_json(growth, row.threshold.eta, interpolates));
  }
  if (options.reshuffling) json["reshuffled"] = reshuffled_json(row);
  json["warnings"] = row.threshold.warnings;
  return json;
}

Json solution_json(const SolutionRow& row) {
  Json json;
  json["quantity"] = row.quantity;
  json["rule"] = row.cell.rule;
  const bool solves_momentum = row.quantity == "momentum" || row.quantity == "best-momentum";
  if (!solves_momentum) put_number(json, "momentum", row.cell.parameters.momentum);
  json["sampling"] = row.cell.sampling;
  if (row.quantity != "batch") json["batch"] = row.cell.batch_size;
  put_other_parameters(json, row.cell);
  if (row.eta > 0) put_number(json, "eta", row.eta);
  if (row.quantity == "batch") {
    if (row.batch) {
      json["batch"] = *row.batch;
    } else {
      put_null(json, "batch", "none", "this step size is unstable at every batch size");
    }
  }
  if (row.quantity == "momentum") {
    json["ranges"] = Json::array();
    for (const auto& range : row.momenta) {
      Json one;
      put_number(one, "lower", range.lower);
      put_number(one, "upper", range.upper);
      put_number(one, "error", range.error);
      json["ranges"].push_back(one);
    }
  }
  if (row.quantity == "best-eta") {
    if (row.best_step) {
      put_number(json, "eta", row.best_step->eta);
      put_number(json, "eta_error", row.best_step->error);
      put_number(json, "log_growth", row.best_step->log_growth);
      put_number(json, "log_growth_error", row.best_step->log_growth_error);
    } else {
      put_null(json, "eta", "none", "no step size is stable");
    }
  }
  if (row.best_momentum) {
    put_number(json, "momentum", row.best_momentum->momentum);
    put_number(json, "momentum_error", row.best_momentum->error);
    put_number(json, "eta_mean_square", row.best_momentum->eta);
    put_number(json, "residual", row.best_momentum->residual);
    json["at_end"] = row.best_momentum->at_end;
  }
  return json;
}

Json cell_json(const CellResult& result) {
  Json json;
  put_cell(json, result.cell);
  put_number(json, "eta_deterministic", result.eta_deterministic);
  put_number(json, "eta_mean_square", result.eta_mean_square);
  put_number(json, "residual", result.residual);
  if (result.measured_eta > 0) {
    put_number(json, "eta_measured", result.measured_eta);
    put_number(json, "eta_measured_standard_error", result.measured_standard_error);
    put_number(json, "eta_measured_lower", result.measured_lower);
    put_number(json, "eta_measured_upper", result.measured_upper);
  } else {
    put_null(json, "eta_measured", "not measured", "the cell has no measured threshold");
    json["eta_measured_standard_error"] = nullptr;
  }
  put_batch_sharpness(json["critical"], "batch_sharpness_in_times_eta", result.batch_sharpness_times_eta);
  put_number(json, "detectable_threshold_error", result.detectable_threshold_error);
  json["verdict"] = to_string(result.verdict);
  put_other_parameters(json, result.cell);
  json["warnings"] = result.warnings;
  return json;
}

Json comparison_json(const Comparison& comparison, const Cell& cell) {
  Json json;
  json["quantity"] = comparison.quantity;
  put_cell(json, cell);
  put_number(json, "eta", comparison.eta);
  put_number(json, "eta_over_threshold", comparison.eta_over_threshold);
  put_number(json, "theory", comparison.theory);
  put_number(json, "theory_error", comparison.theory_error);
  put_number(json, "estimate", comparison.estimate);
  put_number(json, "standard_error", comparison.standard_error);
  put_number(json, "z", comparison.z);
  put_number(json, "critical_z", comparison.critical_z);
  put_number(json, "detectable_threshold_error", comparison.detectable_threshold_error);
  json["verdict"] = to_string(comparison.verdict);
  json["engine"] = comparison.engine;
  put_number(json, "degrees_of_freedom", comparison.degrees_of_freedom);
  put_other_parameters(json, cell);
  return json;
}

}  // namespace

std::string threshold_json(const LoadedModel& model, const std::vector<ThresholdRow>& rows,
                           const ThresholdReportOptions& options, const std::vector<SolutionRow>& solutions) {
  Json json;
  json["schema"] = "brink.threshold/1";
  json["model"] = model_json(model);
  json["rows"] = Json::array();
  for (const auto& row : rows) json["rows"].push_back(threshold_row_json(row, options, model.model.interpolates()));
  if (!solutions.empty()) json["solutions"] = Json::array();
  for (const auto& solution : solutions) json["solutions"].push_back(solution_json(solution));
  return written(json);
}

std::string coupling_json(const LoadedModel& model, const Cell& from, double eta, const MeanSquareThreshold& threshold,
                          const std::vector<CouplingRow>& rows) {
  Json json;
  json["schema"] = "brink.couple/1";
  json["model"] = model_json(model);
  Json& old = json["from"];
  put_cell(old, from);
  put_number(old, "eta", eta);
  put_number(old, "eta_mean_square", threshold.eta);
  put_number(old, "residual", threshold.residual);
  put_number(old, "eta_over_threshold", eta / threshold.eta);
  json["rows"] = Json::array();
  for (const auto& row : rows) {
    Json one;
    put_cell(one, row.cell);
    put_other_parameters(one, row.cell);
    put_number(one, "eta", row.step.eta);
    put_number(one, "residual", row.step.residual);
    put_number(one, "eta_mean_square", row.step.threshold.eta);
    one["rules_of_thumb"] = Json::array();
    for (const auto& thumb : row.step.thumb) {
      Json other;
      other["name"] = thumb.name;
      put_number(other, "eta", thumb.eta);
      put_number(other, "eta_over_threshold", thumb.eta / row.step.threshold.eta);
      other["stable"] = thumb.eta < row.step.threshold.eta;
      one["rules_of_thumb"].push_back(other);
    }
    json["rows"].push_back(one);
  }
  return written(json);
}

std::string verification_json(const LoadedModel& model, const VerificationReport& report) {
  Json json;
  json["schema"] = "brink.verify/1";
  json["agree"] = report.agree;
  json["model"] = model_json(model);
  json["cells"] = Json::array();
  for (const auto& cell : report.cells) json["cells"].push_back(cell_json(cell));
  json["comparisons"] = Json::array();
  for (const auto& comparison : report.comparisons) {
    json["comparisons"].push_back(comparison_json(comparison, report.cells.at(comparison.cell).cell));
  }
  return written(json);
}

std::string inspection_json(const LoadedModel& model) {
  constexpr Index kHead = 20;
  Json json;
  json["schema"] = "brink.inspect/1";
  json["model"] = model_json(model);
  json["model"]["spectrum_head"] = Json::array();
  const Vector& spectrum = model.model.spectrum();
  for (Index i = 0; i < std::min<Index>(kHead, spectrum.size()); ++i) {
    json["model"]["spectrum_head"].push_back(spectrum[i]);
  }
  put_number(json["model"], "lambda_min", spectrum[spectrum.size() - 1]);
  return written(json);
}

}  // namespace brink
