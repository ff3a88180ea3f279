#include "common_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <map>
#include <thread>

namespace brink::cli {
namespace {

// The integers of a TOML file, so that a resolved configuration can hold every seed.
constexpr std::uint64_t kLargestSeed = std::numeric_limits<std::int64_t>::max();

}  // namespace

void add_format_flag(CLI::App& app, Format& format) {
  static const std::map<std::string, Format> names = {
      {"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}};
  app.add_option_function<std::string>(
         "--format", [&format](const std::string& name) { format = names.at(name); }, "of standard output")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->type_name("table|json|csv")
      ->default_str("table");
}

void add_common_flags(CLI::App& app, CommonFlags& flags) {
  flags.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const CLI::Validator whole_number(
      [](std::string& text) -> std::string {
        std::uint64_t value = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = error == std::errc() && stop == text.data() + text.size();
        return whole && value <= kLargestSeed ? "" : fmt::format("{}, need an integer in 0..{}", text, kLargestSeed);
      },
      "");
  const auto group = [](CLI::Option* option) { option->group("Run"); };
  group(app.add_option("--seed", flags.seed, "seed of every random stream")
            ->check(whole_number)
            ->type_name("N")
            ->default_str("0"));
  group(app.add_option("--threads", flags.threads, "threads; the result does not depend on it")
            ->check(CLI::Range(1, 4096))
            ->type_name("N")
            ->capture_default_str());
  add_format_flag(app, flags.format);
  app.get_option("--format")->group("Run");
  group(app.add_option("--out", flags.out, "run directory: configuration, result, tables, figures, provenance")
            ->type_name("DIR"));
  group(app.add_flag("--force", flags.force,
                     "replace a run of another configuration in the run directory, and measure anew"));
  group(app.add_flag("--quiet", flags.quiet, "no progress and no notes on standard error"));
}

}  // namespace brink::cli
