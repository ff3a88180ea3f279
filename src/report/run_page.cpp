#include "brink/report/run_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "brink/base/error.hpp"
#include "brink/report/atomic_file.hpp"

namespace brink {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory, const std::string& extension) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string question_of(const std::string& schema) {
  const std::vector<std::pair<std::string, std::string>> questions = {
      {"brink.threshold", "At which step sizes does each setting stop being stable?"},
      {"brink.simulate", "How fast do noisy trajectories grow or decay?"},
      {"brink.verify", "Does the theory of stability agree with simulated trajectories?"},
      {"brink.sweep", "Which settings are stable?"},
      {"brink.train", "What happened along this training run, and where did it end?"},
      {"brink.hypothesis", "Which of the hypotheses stated before the runs do they support, and which do they refute?"},
      {"brink.regimes", "Where does noise limit the step size, and where does curvature?"},
      {"brink.moments", "Where do the different notions of stability end?"},
      {"brink.limit", "How do thresholds behave in the limit of large models?"},
      {"brink.alignment", "How well is the noise of the gradients aligned with the curvature?"},
      {"brink.couple", "Which step size keeps the margin when momentum or batch size changes?"},
  };
  for (const auto& [name, question] : questions)
    if (schema.rfind(name + "/", 0) == 0) return question;
  return "What did this run find?";
}

std::string text_of(const Json& json) { return json.is_string() ? json.get<std::string>() : json.dump(); }

/// Every "warnings" of the result, once each.
void collect_warnings(const Json& json, std::vector<std::string>& warnings) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      if (key == "warnings" && value.is_array()) {
        for (const auto& warning : value) {
          std::string text = text_of(warning);
          if (std::find(warnings.begin(), warnings.end(), text) == warnings.end()) warnings.push_back(std::move(text));
        }
      } else {
        collect_warnings(value, warnings);
      }
    }
  } else if (json.is_array()) {
    for (const auto& each : json) collect_warnings(each, warnings);
  }
}

std::string number_text(const Json& json) {
  return json.is_number() ? fmt::format("{:.3g}", json.get<double>()) : std::string("–");
}

std::vector<PageVerdict> verdicts_of(const Json& result) {
  std::vector<PageVerdict> verdicts;
  if (result.contains("registered") && !result["registered"].get<bool>())
    verdicts.push_back({"the file", "not registered", text_of(result.value("reason", Json("")))});
  if (result.contains("hypotheses"))
    for (const auto& each : result["hypotheses"]) {
      std::string detail = text_of(each.value("claim", Json("")));
      if (each.contains("effect_of"))
        detail +=
            fmt::format(". {}: {} [{}, {}]; p(supported) = {}, p(refuted) = {}", text_of(each["effect_of"]),
                        number_text(each["effect"]), number_text(each["interval"][0]), number_text(each["interval"][1]),
                        number_text(each["p_supported_corrected"]), number_text(each["p_refuted_corrected"]));
      detail += fmt::format("; {} of {} runs excluded, {} censored", text_of(each["excluded"]), text_of(each["runs"]),
                            text_of(each["censored"]));
      verdicts.push_back({text_of(each["name"]), text_of(each["verdict"]), std::move(detail)});
    }
  if (result.contains("agree") && result["agree"].is_boolean())
    verdicts.push_back({"all comparisons", result["agree"].get<bool>() ? "agree" : "do not all agree", ""});
  if (result.contains("status") && result.contains("steps"))
    verdicts.push_back({"the run", text_of(result["status"]), text_of(result.value("reason", Json("")))});
  return verdicts;
}

}  // namespace

bool TextTable::is_numeric(std::size_t column) const {
  bool any = false;
  for (const auto& row : rows) {
    const std::string& cell = row[column];
    if (cell.empty()) continue;
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size()) return false;
    any = true;
  }
  return any;
}

TextTable read_text_table(std::string name, std::string_view csv) {
  TextTable table;
  table.name = std::move(name);
  std::vector<std::string> row(1);
  bool quoted = false;
  std::size_t line = 1;
  const auto end_row = [&] {
    if (table.header.empty()) {
      table.header = std::move(row);
    } else {
      check_argument(row.size() == table.header.size(), table.name, fmt::format("line {}", line),
                     fmt::format("{} fields", row.size()), fmt::format("{}, as in the header", table.header.size()));
      table.rows.push_back(std::move(row));
    }
    row.assign(1, "");
  };
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted) {
      if (c != '"') {
        row.back() += c;
      } else if (i + 1 < csv.size() && csv[i + 1] == '"') {
        row.back() += csv[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      end_row();
      ++line;
    } else if (c != '\r') {
      row.back() += c;
    }
  }
  check_argument(!quoted, table.name, fmt::format("line {}", line), "an open quote", "a closing quote");
  if (row.size() > 1 || !row.front().empty()) end_row();
  return table;
}

RunPage read_run_page(const RunDirectory& run) {
  check_argument(run.complete(), "report", "run", run.path().string(), "a run that is complete: it has no result.json");
  RunPage page;
  page.title = std::filesystem::weakly_canonical(run.path()).filename().string();
  try {
    const Json result = Json::parse(read_file(run.path() / "result.json"));
    page.schema = text_of(result.value("schema", Json("")));
    page.verdicts = verdicts_of(result);
    collect_warnings(result, page.warnings);
    const Json provenance = Json::parse(read_file(run.path() / "provenance.json"));
    for (const auto& [key, value] : provenance.items()) {
      if (key == "configuration" || key == "schema") continue;
      if (key == "command") page.rerun = text_of(value);
      page.provenance.emplace_back(key, text_of(value));
    }
  } catch (const nlohmann::json::exception& error) {
    throw InvalidInput(
        fmt::format("report: {}: {}, need what a run of brink leaves", run.path().string(), error.what()));
  }
  page.question = question_of(page.schema);
  page.configuration = read_file(run.path() / "config.toml");
  for (const auto& file : files_in(run.path() / "tables", ".csv"))
    page.tables.push_back(read_text_table(file.stem().string(), read_file(file)));
  for (const auto& file : files_in(run.figures(), ".csv")) {
    auto svg = file;
    svg.replace_extension(".svg");
    std::error_code error;
    page.figures.push_back({file.stem().string(), std::filesystem::exists(svg, error) ? read_file(svg) : ""});
  }
  return page;
}

}  // namespace brink
