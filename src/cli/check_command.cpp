// brink check: the exact cases as a table.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "console.hpp"
#include "exact_cases.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

Table table_of(const std::vector<ExactCase>& cases) {
  Table table({{"model"},
               {"case"},
               {"computed", 13},
               {"expected", 13},
               {"difference", 2},
               {"tolerance", 2},
               {"passes"},
               {"source"}});
  for (const auto& exact : cases) {
    table.add_row({exact.group, exact.name, exact.computed, exact.expected, exact.difference(),
                   exact.tolerance * std::abs(exact.expected), exact.passes(), exact.source});
  }
  return table;
}

std::string json_of(const std::vector<ExactCase>& cases, bool passed) {
  nlohmann::ordered_json json;
  json["schema"] = "brink.check/1";
  json["passed"] = passed;
  json["rows"] = nlohmann::ordered_json::array();
  for (const auto& exact : cases) {
    json["rows"].push_back({{"model", exact.group},
                            {"case", exact.name},
                            {"computed", exact.computed},
                            {"expected", exact.expected},
                            {"difference", exact.difference()},
                            {"tolerance", exact.tolerance * std::abs(exact.expected)},
                            {"passes", exact.passes()},
                            {"source", exact.source}});
  }
  return json.dump(2) + "\n";
}

int run_check(Format format) {
  const auto cases = exact_cases();
  const auto failed = std::count_if(cases.begin(), cases.end(), [](const auto& exact) { return !exact.passes(); });
  write_output({json_of(cases, failed == 0), table_of(cases)}, format);
  if (format == Format::table) {
    write_result(failed == 0 ? fmt::format("\nall {} cases pass\n", cases.size())
                             : fmt::format("\n{} of {} cases fail\n", failed, cases.size()));
  }
  return failed == 0 ? kDone : kDisagrees;
}

}  // namespace

Action add_check_command(CLI::App& program) {
  auto format = std::make_shared<Format>(Format::table);
  CLI::App* app = program.add_subcommand("check", "the exact cases: computed, expected, difference");
  add_format_flag(*app, *format);
  app->footer("Every computed value comes from the library. Exit code 1 if any case fails.\n\nExample:\n  brink check");
  return [format] { return run_check(*format); };
}

}  // namespace brink::cli
