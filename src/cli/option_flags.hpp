#pragma once
// Flags of the command line, made from the options structs of the sections: one flag a field, with the help, the range
// and the default that the struct states.

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "brink/base/options.hpp"

namespace brink::cli {

/// Field name → flag ("size" → "--batch"). Fields that are not listed become "--" and the name with dashes; a field
/// mapped to "" has no flag.
using FlagNames = std::map<std::string, std::string>;

/// Registers one flag a field of `Section` and remembers what was typed. A flag given twice is a usage error.
class SectionFlags {
 public:
  template <class Section>
  void add(CLI::App& app, const FlagNames& names = {}) {
    add_described(app, names, describe_options<Section>());
  }

  /// Overwrites the fields whose flags were given. Throws InvalidInput, which names the flag, for text that is not of
  /// the field's type.
  template <class Section>
  void apply(Section& section) const {
    Section::visit(section, [&](std::string_view name, auto& value, std::string_view, std::string_view allowed) {
      const auto entry = typed_.find(std::string(name));
      if (entry == typed_.end() || entry->second.option->count() == 0) return;
      const OptionValue parsed = parse(entry->second.text, options_detail::erase(value));
      if (!options_detail::assign(value, parsed)) fail(entry->second, allowed);
    });
  }

 private:
  struct Typed {
    std::string flag;
    std::string text;
    CLI::Option* option = nullptr;
  };

  void add_described(CLI::App& app, const FlagNames& names, const std::vector<OptionDescription>& fields);
  /// The text as the most specific value of the same shape (list or scalar) as `like`.
  static OptionValue parse(const std::string& text, const OptionValue& like);
  [[noreturn]] static void fail(const Typed& typed, std::string_view allowed);

  std::map<std::string, Typed> typed_;  // node-based: CLI11 keeps pointers to the texts
};

}  // namespace brink::cli
