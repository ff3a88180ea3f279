#include "brink/report/limit_report.hpp"

#include <algorithm>

#include "json_parts.hpp"
#include "loss_points.hpp"
#include "table_values.hpp"

namespace brink {

using namespace json_parts;
using namespace table_values;

namespace {

Json spectrum_json(const SpectralLawParameters& parameters) {
  const auto law = make_spectral_law(parameters);
  Json json;
  json["kind"] = parameters.kind;
  if (parameters.kind == "marchenko-pastur") put_number(json, "ratio", parameters.ratio);
  if (parameters.kind == "power-law") put_number(json, "exponent", parameters.exponent);
  put_number(json, "scale", parameters.scale);
  put_number(json, "lambda_max", law->largest());
  put_number(json, "lambda_min", law->smallest());
  put_number(json, law->proportional() ? "mean" : "trace", law->mean());
  json["limit"] = law->proportional() ? "dimension, batch size and samples at fixed ratios"
                                      : "infinite dimension at a fixed batch size";
  json["loss_convention"] = kLossConvention;
  return json;
}

const char* batch_key(const LimitSetting& setting) {
  return make_spectral_law(setting.spectrum)->proportional() ? "batch_per_dimension" : "batch";
}

void put_size(Json& json, const FiniteSize& size) {
  json["dimension"] = size.dimension;
  if (size.samples > 0) json["samples"] = size.samples;
  json["batch"] = size.batch_size;
}

Json draw_json(const DrawnThreshold& draw) {
  Json json;
  put_size(json, draw.size);
  json["draws"] = draw.draws;
  put_number(json, "eta_mean_square", draw.eta);
  put_number(json, "standard_error", draw.standard_error);
  put_number(json, "residual", draw.residual);
  put_number(json, "eta_limit", draw.limit.eta);
  put_number(json, "eta_limit_residual", draw.limit.residual);
  put_number(json, "relative_difference", draw.eta / draw.limit.eta - 1);
  return json;
}

Json loss_json(const LimitLoss& loss) {
  Json json;
  json["unit"] = "the excess loss at the start";
  put_number(json, "irreducible", loss.options.irreducible);
  put_number(json, "error", loss.curve.error);
  if (loss.curve.kernel_norm) {
    put_number(json, "kernel_norm", *loss.curve.kernel_norm);
  } else {
    put_null(json, "kernel_norm", "not applicable", "the response to noise does not decay at this step size");
  }
  if (loss.curve.limit_loss) {
    put_number(json, "limit_loss", *loss.curve.limit_loss);
  } else {
    put_null(json, "limit_loss", "not applicable", "the loss grows without end");
  }
  if (loss.simulated) {
    put_size(json["simulated"], loss.simulated->size);
    json["simulated"]["replicas"] = loss.simulated->replicas;
    json["simulated"]["z_against"] =
        loss.simulated->exact ? "exact curve of the spectrum that was drawn" : "limit at the ratios of the simulation";
  }
  json["points"] = Json::array();
  for (const auto& point : loss_points(loss)) {
    Json one;
    one["step"] = point.step;
    put_number(one, "loss", point.loss);
    put_number(one, "forcing", point.forcing);
    if (point.exact) put_number(one, "exact", *point.exact);
    if (point.statistics != nullptr) {
      put_number(one, "mean", point.statistics->mean);
      put_number(one, "standard_error", point.statistics->standard_error);
      put_number(one, "median", point.statistics->median);
      put_number(one, "lower", point.statistics->lower);
      put_number(one, "upper", point.statistics->upper);
    }
    if (point.z) put_number(one, "z", *point.z);
    json["points"].push_back(one);
  }
  return json;
}

Json growth_json(const LimitGrowthRow& row, const LimitThreshold& threshold) {
  Json json;
  put_number(json, "eta", row.eta);
  put_number(json, "eta_over_threshold", row.eta / threshold.eta);
  put_number(json, "margin", 1 - row.eta / threshold.eta);
  put_number(json, "log_growth", row.growth.log_growth);
  put_number(json, "log_growth_error", row.growth.residual);
  json["stable"] = row.growth.stable;
  json["method"] = row.growth.method;
  if (row.loss) json["loss"] = loss_json(*row.loss);
  return json;
}

Json row_json(const LimitRow& row) {
  const auto& [spectrum, rule, parameters, sampling, batch] = row.setting;
  Json json;
  json["rule"] = rule;
  put_number(json, "momentum", parameters.momentum);
  json["sampling"] = sampling;
  put_number(json, batch_key(row.setting), batch);
  if (rule == "qhm") put_number(json, "nu", parameters.nu);
  if (rule == "dampened") put_number(json, "dampening", parameters.dampening);
  if (parameters.weight_decay != 0) put_number(json, "weight_decay", parameters.weight_decay);
  put_number(json, "noise", row.noise);
  put_number(json, "eta_deterministic", row.threshold.eta_deterministic);
  put_number(json, "eta_mean_square", row.threshold.eta);
  put_number(json, "residual", row.threshold.residual);
  json["at_noise_free_edge"] = row.threshold.at_edge;
  json["method"] = row.threshold.method;
  if (!row.growth.empty()) json["growth"] = Json::array();
  for (const auto& growth : row.growth) json["growth"].push_back(growth_json(growth, row.threshold));
  if (!row.draws.empty()) json["draws"] = Json::array();
  for (const auto& draw : row.draws) json["draws"].push_back(draw_json(draw));
  return json;
}

std::vector<Column> with_setting(const std::vector<LimitRow>& rows, std::vector<Column> more) {
  std::vector<Column> columns = {{"rule"}, {"momentum"}, {"sampling"}};
  columns.push_back({rows.empty() ? "batch" : batch_key(rows.front().setting)});
  columns.insert(columns.end(), more.begin(), more.end());
  return columns;
}

Row with_setting(const LimitSetting& setting, const Row& more) {
  Row row = {setting.rule, setting.parameters.momentum, setting.sampling, setting.batch};
  row.insert(row.end(), more.begin(), more.end());
  return row;
}

}  // namespace

std::string limit_json(const std::vector<LimitRow>& rows) {
  Json json;
  json["schema"] = "brink.limit/1";
  if (!rows.empty()) json["spectrum"] = spectrum_json(rows.front().setting.spectrum);
  json["rows"] = Json::array();
  for (const auto& row : rows) json["rows"].push_back(row_json(row));
  return written(json);
}

Table limit_table(const std::vector<LimitRow>& rows) {
  std::vector<Column> columns = {
      {"noise"}, {"eta_deterministic"}, {"eta_mean_square", 8}, {"residual", kErrorDigits}, {"at_noise_free_edge"}};
  const bool has_growth = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return !row.growth.empty(); });
  const bool has_loss = std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return std::any_of(row.growth.begin(), row.growth.end(), [](const auto& one) { return one.loss.has_value(); });
  });
  const auto add = [&](std::initializer_list<Column> more) { columns.insert(columns.end(), more); };
  if (has_growth) add({{"eta"}, {"log_growth", 8}, {"log_growth_error", kErrorDigits}, {"stable"}, {"margin", 4}});
  if (has_loss) add({{"kernel_norm"}, {"limit_loss"}});
  Table table(with_setting(rows, columns));
  for (const auto& row : rows) {
    const Row first = with_setting(row.setting, {row.noise, row.threshold.eta_deterministic, row.threshold.eta,
                                                 row.threshold.residual, row.threshold.at_edge});
    if (!has_growth) table.add_row(first);
    for (const auto& one : row.growth) {
      Row line = first;
      line.insert(line.end(), {one.eta, one.growth.log_growth, one.growth.residual, one.growth.stable,
                               1 - one.eta / row.threshold.eta});
      if (has_loss) {
        line.push_back(one.loss ? optional(one.loss->curve.kernel_norm) : TableValue());
        line.push_back(one.loss ? optional(one.loss->curve.limit_loss) : TableValue());
      }
      table.add_row(line);
    }
  }
  return table;
}

Table limit_draws_table(const std::vector<LimitRow>& rows) {
  Table table(with_setting(rows, {{"dimension"},
                                  {"samples"},
                                  {"batch_size"},
                                  {"draws"},
                                  {"eta_mean_square", 8},
                                  {"standard_error", kErrorDigits},
                                  {"residual", kErrorDigits},
                                  {"eta_limit", 8},
                                  {"relative_difference", 3}}));
  for (const auto& row : rows) {
    for (const auto& draw : row.draws) {
      table.add_row(with_setting(
          row.setting, {integer(draw.size.dimension), draw.size.samples > 0 ? integer(draw.size.samples) : TableValue(),
                        integer(draw.size.batch_size), integer(draw.draws), draw.eta, draw.standard_error,
                        draw.residual, draw.limit.eta, draw.eta / draw.limit.eta - 1}));
    }
  }
  return table;
}

Table limit_loss_table(const std::vector<LimitRow>& rows) {
  Table table(with_setting(rows, {{"eta"},
                                  {"step"},
                                  {"loss", 8},
                                  {"forcing"},
                                  {"exact", 8},
                                  {"mean"},
                                  {"standard_error", kErrorDigits},
                                  {"median"},
                                  {"lower"},
                                  {"upper"},
                                  {"z", 3}}));
  for (const auto& row : rows) {
    for (const auto& growth : row.growth) {
      if (!growth.loss) continue;
      for (const auto& point : loss_points(*growth.loss)) {
        Row line = {growth.eta, integer(point.step), point.loss, point.forcing, optional(point.exact)};
        if (const auto* s = point.statistics) {
          line.insert(line.end(), {s->mean, s->standard_error, s->median, s->lower, s->upper});
        } else {
          line.insert(line.end(), {{}, {}, {}, {}, {}});
        }
        line.push_back(optional(point.z));
        table.add_row(with_setting(row.setting, line));
      }
    }
  }
  return table;
}

}  // namespace brink
