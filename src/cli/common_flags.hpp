#pragma once
// Flags that every computing subcommand has: --seed --threads --format --out --force --quiet.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace brink::cli {

enum class Format { table, json, csv };

struct CommonFlags {
  std::optional<std::uint64_t> seed;
  int threads = 1;
  Format format = Format::table;
  std::optional<std::filesystem::path> out;
  bool force = false;
  bool quiet = false;
};

/// Registers the flags; `flags` must live as long as `app`.
void add_common_flags(CLI::App& app, CommonFlags& flags);

/// Registers --format alone.
void add_format_flag(CLI::App& app, Format& format);

}  // namespace brink::cli
