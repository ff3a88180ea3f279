#include "brink/report/run_directory.hpp"

#include <fmt/format.h>

#include <array>
#include <system_error>

#include "brink/base/error.hpp"
#include "brink/report/atomic_file.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;

// The first line of config.toml tells a run's file from a file of the user's that has the same name.
constexpr std::string_view kMarker = "# The resolved configuration of a brink run.\n";
constexpr const char* kConfiguration = "config.toml";
constexpr const char* kResult = "result.json";
constexpr const char* kProvenance = "provenance.json";
constexpr const char* kCheckpoint = "checkpoint.json";
constexpr const char* kCheckpointLog = "checkpoint.log";
// Of a training run: its state while it is under way, and the arrays it leaves.
constexpr const char* kTrainingState = "training.state";
constexpr std::array kOwned = {kResult,
                               kProvenance,
                               kCheckpoint,
                               kCheckpointLog,
                               "tables",
                               "figures",
                               kTrainingState,
                               "theta.npy",
                               "J.npy",
                               "gram.npy",
                               "gradient_noise.npy",
                               "hypothesis.toml",
                               "registration.json",
                               "findings.md",
                               "report.html",
                               "report.md",
                               kConfiguration};

[[noreturn]] void fail_directory(const fs::path& directory, std::string_view allowed) {
  fail_argument("RunDirectory", "out", directory.string(), allowed);
}

void make_directories(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || !fs::is_directory(directory, error)) {
    fail_directory(directory, fmt::format("a directory that exists or can be made ({})",
                                          error ? error.message() : "there is a file of that name"));
  }
}

void remove_everything(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) fail_directory(path, fmt::format("something that can be removed ({})", error.message()));
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool starts_with_marker(const std::string& text) { return text.compare(0, kMarker.size(), kMarker) == 0; }

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// "it holds `replicas = 64`, asked for is `replicas = 128`": the first line that differs.
std::string first_difference(std::string_view held, std::string_view asked) {
  while (!held.empty() || !asked.empty()) {
    const auto held_line = take_line(held);
    const auto asked_line = take_line(asked);
    if (held_line != asked_line) return fmt::format("it holds `{}`, asked for is `{}`", held_line, asked_line);
  }
  return "they differ in their last line end";
}

}  // namespace

RunDirectory RunDirectory::create(const fs::path& directory, std::string_view resolved_configuration, bool force) {
  make_directories(directory);
  const auto configuration_file = directory / kConfiguration;
  const std::string asked = std::string(kMarker) + std::string(resolved_configuration);
  std::string held = is_there(configuration_file) ? read_file(configuration_file) : "";

  if (!starts_with_marker(held)) {
    for (const char* name : kOwned) {
      if (is_there(directory / name)) {
        fail_directory(directory, fmt::format("a directory without a {} that is not of a run", name));
      }
    }
  } else if (held != asked) {
    if (!force) {
      fail_directory(directory, fmt::format("another directory, or --force to replace the run of another configuration "
                                            "in it ({})",
                                            first_difference(held, asked)));
    }
    for (const char* name : kOwned) remove_everything(directory / name);
    held.clear();
  }

  RunDirectory run(directory, true);
  if (held != asked) write_file_atomically(configuration_file, asked);
  return run;
}

RunDirectory RunDirectory::existing(const fs::path& directory) {
  const auto configuration_file = directory / kConfiguration;
  if (!is_there(configuration_file) || !starts_with_marker(read_file(configuration_file))) {
    fail_argument("RunDirectory", "run", directory.string(), "the directory of a run (it has no config.toml of one)");
  }
  return {directory, false};
}

bool RunDirectory::complete() const { return is_there(path_ / kResult); }

void RunDirectory::write(const fs::path& name, std::string_view content) {
  const auto normal = name.lexically_normal();
  const bool inside = !normal.empty() && normal.is_relative() && *normal.begin() != ".." && normal.has_filename();
  check_argument(inside, "RunDirectory::write", "name", name.string(), "a relative path inside the run");
  if (withdraw_) {
    remove_everything(path_ / kResult);
    withdraw_ = false;
  }
  make_directories((path_ / normal).parent_path());
  write_file_atomically(path_ / normal, content);
}

std::string RunDirectory::checkpoint() const {
  return is_there(path_ / kCheckpoint) ? read_file(path_ / kCheckpoint) : "";
}

void RunDirectory::keep_checkpoint(std::string_view content) { write(kCheckpoint, content); }

fs::path RunDirectory::checkpoint_log() const { return path_ / kCheckpointLog; }

void RunDirectory::finish(std::string_view result_json, std::string_view provenance_json) {
  write(kProvenance, provenance_json);
  write(kResult, result_json);
}

}  // namespace brink
