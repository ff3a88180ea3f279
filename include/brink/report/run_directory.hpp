#pragma once
// One directory a run:
//
//   config.toml      the resolved configuration, every key with its value
//   tables/*.csv     result tables
//   figures/         NAME.csv, NAME.gp and the drawn figures
//   checkpoint.json  what was measured so far; a run of the same configuration takes it up
//   checkpoint.log   the same for runs of many small units, one line each
//   training.state   the same for a training run; and what it leaves: theta.npy, J.npy or gram.npy, gradient_noise.npy
//   hypothesis.toml, registration.json  of hypotheses: the file, byte by byte, and what was frozen of it
//   findings.md      of a study: its findings as a table
//   report.html, report.md  what brink report made of the run
//   provenance.json  where, when and by what the run was made
//   result.json      the result; written last, so that a directory with result.json holds a complete run
//
// config.toml, tables, figure data and result.json are a function of configuration and seed alone.

#include <filesystem>
#include <string>
#include <string_view>

namespace brink {

class RunDirectory {
 public:
  /// Makes `directory` the run of `resolved_configuration` (TOML text; it must not hold anything that leaves the result
  /// unchanged, such as the number of threads). A run of the same configuration is taken up again: its files stay until
  /// they are written anew, and the first write withdraws result.json. A run of another configuration is refused, or,
  /// with `force`, removed. Files that no run wrote are never removed and never overwritten by a first run.
  /// Throws InvalidInput with the directory, the first line that differs in both configurations and the way out.
  [[nodiscard]] static RunDirectory create(const std::filesystem::path& directory,
                                           std::string_view resolved_configuration, bool force = false);

  /// The run that `directory` holds, complete or not, for reading it and for drawing figures anew: writing here does
  /// not withdraw result.json. Throws InvalidInput when there is none.
  [[nodiscard]] static RunDirectory existing(const std::filesystem::path& directory);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path figures() const { return path_ / "figures"; }

  /// True when result.json is there.
  [[nodiscard]] bool complete() const;

  /// Writes path()/name atomically and makes the directories above it. `name` is relative and stays inside the run.
  void write(const std::filesystem::path& name, std::string_view content);

  /// What keep_checkpoint wrote last; empty when there is nothing.
  [[nodiscard]] std::string checkpoint() const;
  void keep_checkpoint(std::string_view content);

  /// Where checkpoint.log is, or is to be.
  [[nodiscard]] std::filesystem::path checkpoint_log() const;

  /// Writes provenance.json, then result.json: the run is complete.
  void finish(std::string_view result_json, std::string_view provenance_json);

 private:
  RunDirectory(std::filesystem::path path, bool withdraw) : path_(std::move(path)), withdraw_(withdraw) {}

  std::filesystem::path path_;
  bool withdraw_;  // result.json goes away with the first write
};

}  // namespace brink
