#include "brink/report/provenance.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "brink_version.hpp"

extern "C" char* openblas_get_config();
extern "C" char* openblas_get_corename();

namespace brink {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "unknown";
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

std::string version() { return build::kVersion; }

std::string commit() { return build::kCommit; }

std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GNU {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string blas() {
  std::string text = openblas_get_config();
  text.erase(text.find_last_not_of(' ') + 1);
  return fmt::format("{} (running as {})", text, openblas_get_corename());
}

std::string provenance_json(const Provenance& provenance) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  nlohmann::ordered_json json;
  json["schema"] = "brink.provenance/1";
  json["version"] = version();
  json["commit"] = commit();
  json["compiler"] = compiler();
  json["build"] = build::kDescription;
  json["blas"] = blas();
  json["threads"] = provenance.threads;
  json["host"] = host_name();
  json["processor"] = processor();
  json["date"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  json["wall_seconds"] = provenance.wall_seconds;
  json["command"] = provenance.command;
  json["configuration"] = provenance.configuration;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace brink
