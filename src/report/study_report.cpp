// A study in every form.

#include <fmt/format.h>

#include <cmath>

#include "brink/report/study.hpp"
#include "json_parts.hpp"
#include "table_values.hpp"

namespace brink {

using namespace table_values;

namespace {

using json_parts::Json;

std::string digits(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "–"; }

std::string interval(const SeedMean& m) {
  if (m.seeds == 0) return "nothing measured";
  if (!std::isfinite(m.lower)) return digits(m.mean);
  if (m.standard_error == 0) return digits(m.mean);
  return fmt::format("{} [{}, {}]", digits(m.mean), digits(m.lower), digits(m.upper));
}

}  // namespace

Table findings_table(const std::vector<Finding>& findings) {
  Table table({{"claim"},
               {"quantity"},
               {"rule"},
               {"predicted"},
               {"published"},
               {"measured"},
               {"lower"},
               {"upper"},
               {"seeds"},
               {"excluded"},
               {"verdict"},
               {"note"}});
  for (const auto& f : findings) {
    table.add_row({f.claim, f.quantity, f.rule, f.predicted ? number(*f.predicted) : TableValue{}, f.published,
                   number(f.measured.mean), number(f.measured.lower), number(f.measured.upper), f.measured.seeds,
                   f.measured.excluded, std::string(to_string(f.decision)), f.note});
  }
  return table;
}

std::string study_json(const Study& study, bool full, std::uint64_t seed, const StudyReport& report) {
  Json json;
  json["schema"] = "brink.study/1";
  json["study"] = study.name;
  json["claims"] = study.claims;
  json["question"] = study.question;
  json["source"] = study.source;
  json["rule"] = study.rule;
  json["full"] = full;
  json["seed"] = seed;
  json["findings"] = Json::array();
  for (const auto& f : report.findings) {
    Json item;
    item["claim"] = f.claim;
    item["quantity"] = f.quantity;
    item["rule"] = f.rule;
    if (f.predicted) json_parts::put_number(item, "predicted", *f.predicted);
    if (!f.published.empty()) item["published"] = f.published;
    json_parts::put_number(item, "measured", f.measured.mean);
    json_parts::put_number(item, "standard_error", f.measured.standard_error);
    json_parts::put_number(item, "lower", f.measured.lower);
    json_parts::put_number(item, "upper", f.measured.upper);
    item["seeds"] = f.measured.seeds;
    item["excluded"] = f.measured.excluded;
    item["verdict"] = to_string(f.decision);
    if (!f.note.empty()) item["note"] = f.note;
    json["findings"].push_back(std::move(item));
  }
  json["reductions"] = report.reductions;
  json["warnings"] = report.warnings;
  return json_parts::written(json);
}

std::string study_text(const Study& study, bool full, const StudyReport& report) {
  std::string text = fmt::format("{} ({}, {})\n{}\nRule: {}\n\n", study.name, study.claims, full ? "full" : "quick",
                                 study.question, study.rule);
  for (const auto& f : report.findings) {
    text += fmt::format("  {:<11} {}: {}: {} ({})\n", to_string(f.decision), f.claim, f.quantity, interval(f.measured),
                        f.rule);
    if (!f.published.empty()) text += fmt::format("              published: {}\n", f.published);
    if (f.measured.excluded > 0) text += fmt::format("              {} seeds excluded\n", f.measured.excluded);
    if (!f.note.empty()) text += fmt::format("              {}\n", f.note);
  }
  for (const auto& line : report.reductions) text += fmt::format("  different from the published setting: {}\n", line);
  for (const auto& line : report.warnings) text += fmt::format("  warning: {}\n", line);
  return text;
}

std::string study_markdown(const Study& study, bool full, const StudyReport& report) {
  std::string text = fmt::format("# {}\n\n{} ({}; {} setting)\n\nRule, stated before: {}\n\n", study.name,
                                 study.question, study.source, full ? "full" : "quick", study.rule);
  text += "| claim | quantity | rule | measured, 95% interval | seeds | published | verdict |\n";
  text += "|---|---|---|---|---|---|---|\n";
  for (const auto& f : report.findings) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | **{}** |\n", f.claim, f.quantity, f.rule, interval(f.measured),
                        f.measured.seeds, f.published, to_string(f.decision));
  }
  text += "\n";
  for (const auto& f : report.findings) {
    if (!f.note.empty()) text += fmt::format("- {}, {}: {}\n", f.claim, f.quantity, f.note);
  }
  for (const auto& line : report.reductions) text += fmt::format("- Different from the published setting: {}\n", line);
  for (const auto& line : report.warnings) text += fmt::format("- Warning: {}\n", line);
  return text;
}

}  // namespace brink
