#pragma once
// One options struct per section of a configuration drives the TOML reader, the command line, the help, the
// documentation and the provenance. A struct describes its own fields once:
//
//   struct SimulationSection {
//     std::int64_t replicas = 1024;
//     template <class Self, class Visitor>
//     static void visit(Self& self, Visitor&& field) {
//       field("replicas", self.replicas, "replicas that move in parallel", "an integer >= 2");
//     }
//   };
//
// and everything else goes through read_options, describe_options and write_options. Ranges are checked by the code
// that uses the values, with the same words.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "brink/base/error.hpp"

namespace brink {

/// A value as a configuration file or a command line gives it. Lists of integers arrive as lists of doubles.
using OptionValue =
    std::variant<bool, std::int64_t, double, std::string, std::vector<double>, std::vector<std::string>>;
using OptionTable = std::map<std::string, OptionValue>;

struct OptionDescription {
  std::string name;
  OptionValue default_value;
  std::string help;
  std::string allowed;
};

/// "1024", "[0, 0.5]", "\"relu\"": the value as TOML would write it.
[[nodiscard]] std::string to_string(const OptionValue& value);

/// The candidate with the smallest edit distance to `name`; empty when there is none.
[[nodiscard]] std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

namespace options_detail {

[[noreturn]] void fail_type(std::string_view section, std::string_view key, const OptionValue& value,
                            std::string_view allowed);
[[noreturn]] void fail_unknown(std::string_view section, std::string_view key, const std::vector<std::string>& known);

bool assign(bool& target, const OptionValue& value);
bool assign(std::int64_t& target, const OptionValue& value);
bool assign(std::uint64_t& target, const OptionValue& value);
bool assign(double& target, const OptionValue& value);
bool assign(std::string& target, const OptionValue& value);
bool assign(std::vector<double>& target, const OptionValue& value);
bool assign(std::vector<std::int64_t>& target, const OptionValue& value);
bool assign(std::vector<std::string>& target, const OptionValue& value);

OptionValue erase(bool value);
OptionValue erase(std::int64_t value);
OptionValue erase(std::uint64_t value);
OptionValue erase(double value);
OptionValue erase(const std::string& value);
OptionValue erase(const std::vector<double>& value);
OptionValue erase(const std::vector<std::int64_t>& value);
OptionValue erase(const std::vector<std::string>& value);

}  // namespace options_detail

/// Every field with its default, help and range, in the order of the struct.
template <class Options>
[[nodiscard]] std::vector<OptionDescription> describe_options() {
  std::vector<OptionDescription> descriptions;
  Options defaults;
  Options::visit(defaults, [&](std::string_view name, auto& value, std::string_view help, std::string_view allowed) {
    descriptions.push_back({std::string(name), options_detail::erase(value), std::string(help), std::string(allowed)});
  });
  return descriptions;
}

/// Overwrites the fields named in the table. An unknown key or a value of the wrong type throws InvalidInput, which
/// names the section, the key, the value, what is allowed and, for an unknown key, the nearest known one.
template <class Options>
void read_options(std::string_view section, const OptionTable& table, Options& options) {
  std::vector<std::string> known;
  Options::visit(options, [&](std::string_view name, auto& value, std::string_view, std::string_view allowed) {
    known.emplace_back(name);
    const auto found = table.find(std::string(name));
    if (found == table.end()) return;
    if (!options_detail::assign(value, found->second)) options_detail::fail_type(section, name, found->second, allowed);
  });
  for (const auto& [key, value] : table) {
    bool is_known = false;
    for (const auto& name : known) is_known = is_known || name == key;
    if (!is_known) options_detail::fail_unknown(section, key, known);
  }
}

/// The resolved values of every field.
template <class Options>
[[nodiscard]] OptionTable write_options(const Options& options) {
  OptionTable table;
  Options::visit(options, [&](std::string_view name, const auto& value, std::string_view, std::string_view) {
    table.emplace(name, options_detail::erase(value));
  });
  return table;
}

}  // namespace brink
