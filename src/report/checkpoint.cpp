#include "brink/report/checkpoint.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "brink/report/provenance.hpp"

namespace brink {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "brink.checkpoint/1";

}  // namespace

std::string checkpoint_json(const std::map<std::size_t, Measurement>& units, std::string_view build) {
  Json json;
  json["schema"] = kSchema;
  json["build"] = build;
  json["units"] = Json::array();
  for (const auto& [number, measured] : units) {
    json["units"].push_back({{"unit", number},
                             {"engine", measured.engine},
                             {"value", measured.value},
                             {"standard_error", measured.standard_error},
                             {"degrees_of_freedom", measured.degrees_of_freedom},
                             {"lower", measured.lower},
                             {"upper", measured.upper},
                             {"warnings", measured.warnings}});
  }
  return json.dump(1) + "\n";
}

std::map<std::size_t, Measurement> read_checkpoint(const std::string& text, std::string_view build) {
  std::map<std::size_t, Measurement> units;
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") != kSchema || json.at("build") != build) return {};
    for (const auto& unit : json.at("units")) {
      Measurement& measured = units[unit.at("unit").get<std::size_t>()];
      measured.engine = unit.at("engine").get<std::string>();
      measured.value = unit.at("value").get<double>();
      measured.standard_error = unit.at("standard_error").get<double>();
      measured.degrees_of_freedom = unit.at("degrees_of_freedom").get<double>();
      measured.lower = unit.at("lower").get<double>();
      measured.upper = unit.at("upper").get<double>();
      measured.warnings = unit.at("warnings").get<std::vector<std::string>>();
    }
  } catch (const Json::exception&) {
    // A file that was cut short or edited: the run starts over.
    return {};
  }
  return units;
}

std::string running_build() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  std::uintmax_t size = 0;
  std::int64_t time = 0;
  if (!error) {
    size = std::filesystem::file_size(program, error);
    time = std::filesystem::last_write_time(program, error).time_since_epoch().count();
  }
  return fmt::format("{} {} {} {}", version(), commit(), size, time);
}

}  // namespace brink
