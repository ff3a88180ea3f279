#include "brink/report/hypothesis_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "json_parts.hpp"

namespace brink {

using namespace json_parts;

namespace {

constexpr const char* kNotMeasured = "not measured";

/// Why there is no mean.
const char* reason_of(const ContrastResult& contrast) {
  return contrast.seeds - contrast.censored < 2 ? "fewer than two usable seeds"
                                                : "the crossings, some of them censored, have no fit";
}

TableValue if_measured(const ContrastResult& contrast, double value) {
  return contrast.measured() ? TableValue(value) : TableValue();
}

Json contrast_json(const ContrastResult& contrast) {
  Json json;
  json["name"] = contrast.name;
  // Infinite limits are written as null: a one-sided claim.
  json["lower_limit"] = contrast.lower;
  json["upper_limit"] = contrast.upper;
  if (contrast.measured()) {
    put_number(json, "mean", contrast.mean.value);
    put_number(json, "standard_error", contrast.mean.standard_error);
    json["interval"] = {contrast.interval.lower, contrast.interval.upper};
  } else {
    for (const char* key : {"mean", "standard_error", "interval"})
      put_null(json, key, kNotMeasured, reason_of(contrast));
  }
  put_number(json, "degrees_of_freedom", contrast.mean.degrees_of_freedom);
  if (contrast.bootstrap)
    json["bootstrap_interval"] = {contrast.bootstrap->lower, contrast.bootstrap->upper};
  else
    json["bootstrap_interval"] = nullptr;
  json["seeds"] = contrast.seeds;
  json["censored"] = contrast.censored;
  put_number(json, "p_supported", contrast.test.p_outside);
  put_number(json, "p_refuted", contrast.test.p_inside);
  return json;
}

Json reasons_json(const std::vector<ReasonCount>& reasons) {
  Json json = Json::array();
  for (const auto& each : reasons) json.push_back({{"reason", each.reason}, {"runs", each.runs}});
  return json;
}

const PowerForecast* forecast_of(const HypothesisReport& report, const std::string& name) {
  if (!report.registration) return nullptr;
  for (const auto& [each, forecast] : report.registration->forecasts)
    if (each == name) return &forecast;
  return nullptr;
}

Json judgement_json(const HypothesisReport& report, const Judgement& judgement) {
  Json json;
  json["name"] = judgement.name;
  json["claim"] = judgement.hypothesis.claim;
  json["rule"] = judgement.hypothesis.rule;
  json["quantity"] = judgement.hypothesis.quantity;
  json["predicted"] = judgement.hypothesis.predicted;
  json["verdict"] = to_string(judgement.decision);
  json["expected_verdict"] = judgement.hypothesis.expected_verdict;
  if (judgement.contrasts.empty()) {
    put_null(json, "effect", "no effect", "no contrast could be formed");
    json["interval"] = nullptr;
  } else {
    const ContrastResult& decisive = judgement.contrasts[judgement.decisive];
    json["effect_of"] = decisive.name;
    if (decisive.measured()) {
      put_number(json, "effect", decisive.mean.value);
      json["interval"] = {decisive.interval.lower, decisive.interval.upper};
    } else {
      for (const char* key : {"effect", "interval"}) put_null(json, key, kNotMeasured, reason_of(decisive));
    }
  }
  json["interval_confidence"] = 1 - 2 * report.level;
  put_number(json, "p_supported", judgement.p_supported);
  put_number(json, "p_supported_corrected", judgement.p_supported_corrected);
  put_number(json, "p_refuted", judgement.p_refuted);
  put_number(json, "p_refuted_corrected", judgement.p_refuted_corrected);
  json["runs"] = judgement.runs;
  json["excluded"] = judgement.excluded;
  json["censored"] = judgement.censored;
  json["reasons"] = reasons_json(judgement.reasons);
  const PowerForecast* forecast = forecast_of(report, judgement.name);
  json["announced_power"] = forecast ? Json(forecast->power) : Json(nullptr);
  json["contrasts"] = Json::array();
  for (const auto& contrast : judgement.contrasts) json["contrasts"].push_back(contrast_json(contrast));
  json["warnings"] = judgement.warnings;
  return json;
}

std::string limits_text(const ContrastResult& contrast) {
  // Adding 0 makes a 0 of −0.
  if (std::isinf(contrast.lower)) return fmt::format("below {:.4g}", contrast.upper + 0.0);
  if (std::isinf(contrast.upper)) return fmt::format("above {:.4g}", contrast.lower + 0.0);
  return fmt::format("in ({:.4g}, {:.4g})", contrast.lower, contrast.upper);
}

}  // namespace

bool HypothesisReport::as_expected() const {
  return registration.has_value() && std::all_of(judgements.begin(), judgements.end(), [](const Judgement& judgement) {
           return to_string(judgement.decision) == judgement.hypothesis.expected_verdict;
         });
}

std::string hypothesis_json(const HypothesisReport& report) {
  Json json;
  json["schema"] = "brink.hypothesis/1";
  json["file"] = report.file;
  json["hash"] = report.hash;
  json["registered"] = report.registration.has_value();
  if (report.registration) {
    json["registration"] = Json::parse(registration_json(*report.registration));
  } else {
    put_null(json, "registration", "not registered", report.not_registered);
  }
  json["as_expected"] = report.as_expected();
  json["level"] = report.level;
  json["correction"] = "Holm, over the hypotheses of the file; once for supported, once for refuted";
  json["runs"] = report.runs;
  json["seeds"] = report.seeds;
  json["population"] = report.population;
  json["failures"] = reasons_json(report.failures);
  json["hypotheses"] = Json::array();
  for (const auto& judgement : report.judgements) json["hypotheses"].push_back(judgement_json(report, judgement));
  return written(json);
}

Table verdict_table(const HypothesisReport& report) {
  Table table({{"hypothesis"},
               {"verdict"},
               {"expected"},
               {"effect", 4},
               {"lower", 4},
               {"upper", 4},
               {"lower_limit", 4},
               {"upper_limit", 4},
               {"effect_of"},
               {"p_supported", 3},
               {"p_refuted", 3},
               {"seeds"},
               {"runs"},
               {"excluded"},
               {"censored"},
               {"announced_power", 3}});
  for (const auto& judgement : report.judgements) {
    const PowerForecast* forecast = forecast_of(report, judgement.name);
    std::vector<TableValue> row = {judgement.name, to_string(judgement.decision),
                                   judgement.hypothesis.expected_verdict};
    std::int64_t seeds = 0;
    if (judgement.contrasts.empty()) {
      row.resize(9);
    } else {
      const ContrastResult& decisive = judgement.contrasts[judgement.decisive];
      seeds = decisive.seeds;
      row.insert(row.end(),
                 {if_measured(decisive, decisive.mean.value), if_measured(decisive, decisive.interval.lower),
                  if_measured(decisive, decisive.interval.upper), decisive.lower, decisive.upper, decisive.name});
    }
    row.insert(row.end(),
               {judgement.p_supported_corrected, judgement.p_refuted_corrected, seeds, judgement.runs,
                judgement.excluded, judgement.censored, forecast ? TableValue(forecast->power) : TableValue()});
    table.add_row(std::move(row));
  }
  return table;
}

Table contrast_table(const HypothesisReport& report) {
  Table table({{"hypothesis"},
               {"contrast"},
               {"mean"},
               {"standard_error", 3},
               {"lower"},
               {"upper"},
               {"bootstrap_lower"},
               {"bootstrap_upper"},
               {"lower_limit"},
               {"upper_limit"},
               {"seeds"},
               {"censored"},
               {"p_supported", 3},
               {"p_refuted", 3}});
  for (const auto& judgement : report.judgements)
    for (const auto& contrast : judgement.contrasts)
      table.add_row({judgement.name, contrast.name, if_measured(contrast, contrast.mean.value),
                     if_measured(contrast, contrast.mean.standard_error),
                     if_measured(contrast, contrast.interval.lower), if_measured(contrast, contrast.interval.upper),
                     contrast.bootstrap ? TableValue(contrast.bootstrap->lower) : TableValue(),
                     contrast.bootstrap ? TableValue(contrast.bootstrap->upper) : TableValue(), contrast.lower,
                     contrast.upper, contrast.seeds, contrast.censored, contrast.test.p_outside,
                     contrast.test.p_inside});
  return table;
}

Table population_table(const std::vector<Observation>& runs) {
  std::set<std::string> names;
  std::set<std::string> texts;
  for (const auto& run : runs) {
    for (const auto& [name, value] : run.numbers) names.insert(name);
    for (const auto& [name, value] : run.texts) texts.insert(name);
  }
  std::vector<Column> columns = {{"seed"}};
  for (const auto& name : texts) columns.push_back({name});
  for (const auto& name : names) columns.push_back({name});
  columns.push_back({"failure"});
  Table table(std::move(columns));
  for (const auto& run : runs) {
    std::vector<TableValue> row = {run.seed};
    for (const auto& name : texts) {
      const auto found = run.texts.find(name);
      row.push_back(found == run.texts.end() ? TableValue() : TableValue(found->second));
    }
    for (const auto& name : names) {
      const auto found = run.numbers.find(name);
      row.push_back(found == run.numbers.end() ? TableValue() : TableValue(found->second));
    }
    row.push_back(run.failure.empty() ? TableValue() : TableValue(run.failure));
    table.add_row(std::move(row));
  }
  return table;
}

Table forecast_table(const std::vector<std::pair<std::string, PowerForecast>>& forecasts) {
  Table table({{"hypothesis"},
               {"points_to"},
               {"power", 3},
               {"seeds_planned"},
               {"seeds_needed"},
               {"steps_factor_needed", 3},
               {"measured_share", 3},
               {"pilot_seeds"},
               {"limiting_contrast"},
               {"standard_deviation", 3},
               {"reason"}});
  for (const auto& [name, forecast] : forecasts)
    table.add_row({name, to_string(forecast.decision), forecast.power, forecast.seeds_planned,
                   forecast.seeds_needed ? TableValue(*forecast.seeds_needed) : TableValue(),
                   forecast.steps_factor_needed ? TableValue(*forecast.steps_factor_needed) : TableValue(),
                   forecast.measured_share, forecast.pilot_seeds, forecast.limiting, forecast.deviation,
                   forecast.reason.empty() ? TableValue() : TableValue(forecast.reason)});
  return table;
}

std::string hypothesis_text(const HypothesisReport& report) {
  std::string text = report.registration ? fmt::format("registered {}, SHA-256 {}\n", report.registration->date,
                                                       report.hash.substr(0, 16))
                                         : "NOT REGISTERED: " + report.not_registered + "\n";
  text += fmt::format(
      "{} runs, {} seeds; level {} for any false \"supported\" over the file, and for any false "
      "\"refuted\" (Holm)\n",
      report.population, report.seeds, report.level);
  for (const auto& each : report.failures)
    text += fmt::format("  {} runs without a result: {}\n", each.runs, each.reason);
  for (const auto& judgement : report.judgements) {
    text += fmt::format("\n{}: {}\n  {}\n", judgement.name, to_string(judgement.decision), judgement.hypothesis.claim);
    if (!judgement.contrasts.empty()) {
      const ContrastResult& decisive = judgement.contrasts[judgement.decisive];
      const std::string effect = decisive.measured() ? fmt::format("effect {:.4g}, {:.0f}% interval [{:.4g}, {:.4g}]",
                                                                   decisive.mean.value, 100 * (1 - 2 * report.level),
                                                                   decisive.interval.lower, decisive.interval.upper)
                                                     : fmt::format("{}, {}", kNotMeasured, reason_of(decisive));
      text += fmt::format("  {}: {}, promised {} ({} contrasts)\n", decisive.name, effect, limits_text(decisive),
                          judgement.contrasts.size());
    }
    text +=
        fmt::format("  p (supported) = {:.3g}, p (refuted) = {:.3g}, corrected; {} runs, {} excluded, {} censored\n",
                    judgement.p_supported_corrected, judgement.p_refuted_corrected, judgement.runs, judgement.excluded,
                    judgement.censored);
    for (const auto& each : judgement.reasons) text += fmt::format("  {} excluded: {}\n", each.runs, each.reason);
    if (const auto* forecast = forecast_of(report, judgement.name))
      text += forecast->reason.empty() ? fmt::format("  announced power {:.3f} to call it {}\n", forecast->power,
                                                     to_string(forecast->decision))
                                       : fmt::format("  no power was announced: {}\n", forecast->reason);
    for (const auto& warning : judgement.warnings) text += "  warning: " + warning + "\n";
  }
  return text;
}

std::vector<FigureData> hypothesis_figures(const HypothesisReport& report) {
  Table table({{"line"}, {"label"}, {"value"}, {"lower"}, {"upper"}, {"verdict"}, {"one_sided"}});
  std::int64_t line = 0;
  for (const auto& judgement : report.judgements) {
    if (judgement.contrasts.empty()) continue;
    const ContrastResult& worst = judgement.contrasts[judgement.decisive];
    if (!worst.measured()) continue;
    const bool one_sided = !std::isfinite(worst.lower) || !std::isfinite(worst.upper);
    double centre = 0.5 * (worst.lower + worst.upper);
    double unit = 0.5 * (worst.upper - worst.lower);
    if (one_sided) {
      // The limit is at −1, and the promise to the right of it. A limit of 0 has no size: the effect has.
      const double limit = std::isfinite(worst.lower) ? worst.lower : worst.upper;
      unit = limit != 0 ? std::abs(limit) : std::max(std::abs(worst.mean.value), 1e-300);
      if (!std::isfinite(worst.lower)) unit = -unit;
      centre = limit + unit;
    }
    const auto scaled = [&](double value) { return (value - centre) / unit; };
    const double ends[] = {scaled(worst.interval.lower), scaled(worst.interval.upper)};
    const double lower = std::min(ends[0], ends[1]);
    const double upper = std::max(ends[0], ends[1]);
    table.add_row({++line, judgement.name, scaled(worst.mean.value), lower, upper,
                   static_cast<std::int64_t>(judgement.decision), std::int64_t{one_sided}});
  }
  if (line == 0) return {};
  return {{"forest", "forest", std::move(table)}};
}

}  // namespace brink
