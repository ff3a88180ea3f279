#include "configuration.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <functional>

#include "brink/base/error.hpp"
#include "brink/report/atomic_file.hpp"
#include "brink/report/table.hpp"

namespace brink::cli {
namespace {

const std::vector<std::string>& section_names() {
  static const std::vector<std::string> names = {"model",      "optimizer", "batch",      "grid",      "simulation",
                                                 "verify",     "moments",   "sweep",      "training",  "study",
                                                 "population", "regimes",   "hypotheses", "hypothesis"};
  return names;
}

/// Holds sections of its own, [hypothesis.NAME].
constexpr std::string_view kNested = "hypothesis";

[[noreturn]] void fail_value(std::string_view origin, const std::string& section, std::string_view key,
                             const toml::node& node) {
  throw InvalidInput(fmt::format(
      "{}: [{}] {} (line {}) is not a truth value, a number, text or a list of numbers or of texts, need one of these",
      origin, section, key, node.source().begin.line));
}

OptionValue convert_list(const toml::array& list, const std::function<void()>& fail) {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const auto& item : list) {
    if (const auto text = item.value_exact<std::string>()) {
      texts.push_back(*text);
    } else if (item.is_number()) {
      numbers.push_back(*item.value<double>());
    } else {
      fail();
    }
  }
  if (!numbers.empty() && !texts.empty()) fail();
  if (!texts.empty()) return texts;
  return numbers;
}

OptionValue convert(std::string_view origin, const std::string& section, std::string_view key, const toml::node& node) {
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto integer = node.value_exact<std::int64_t>()) return *integer;
  if (const auto real = node.value_exact<double>()) return *real;
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto* list = node.as_array()) return convert_list(*list, [&] { fail_value(origin, section, key, node); });
  fail_value(origin, section, key, node);
}

void read_keys(std::string_view origin, const std::string& section, const toml::table& keys, OptionTable& options) {
  for (const auto& [key, value] : keys)
    options.emplace(std::string(key.str()), convert(origin, section, key.str(), value));
}

/// A basic string of TOML.
std::string basic_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

template <class Item, class Writer>
std::string joined(const std::vector<Item>& items, Writer write) {
  std::string text = "[";
  for (const auto& item : items) {
    if (text.size() > 1) text += ", ";
    text += write(item);
  }
  text += ']';
  return text;
}

std::string value_text(const OptionValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return basic_string(*text);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) return joined(*texts, basic_string);
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) return joined(*numbers, shortest);
  if (const auto* real = std::get_if<double>(&value)) return shortest(*real);
  return to_string(value);
}

}  // namespace

Sections parse_configuration(std::string_view text, std::string_view origin) {
  toml::table document;
  try {
    document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw InvalidInput(fmt::format("{}: line {}: {}, need valid TOML", origin, error.source().begin.line,
                                   std::string_view(error.description())));
  }
  Sections sections;
  for (const auto& [name, node] : document) {
    const std::string section(name.str());
    const auto& known = section_names();
    const toml::table* keys = node.as_table();
    if (!keys) {
      throw InvalidInput(fmt::format("{}: key \"{}\" stands outside of any section, need it inside one of {}", origin,
                                     section, joined(known, [](const std::string& each) { return each; })));
    }
    if (std::find(known.begin(), known.end(), section) == known.end()) {
      throw InvalidInput(fmt::format("{}: unknown section [{}], the nearest known one is [{}]", origin, section,
                                     nearest_name(section, known)));
    }
    if (section == kNested) {
      for (const auto& [key, value] : *keys) {
        const std::string inner = fmt::format("{}.{}", section, key.str());
        if (!value.is_table())
          throw InvalidInput(fmt::format("{}: [{}] {} is no section, need [{}.NAME] for every hypothesis", origin,
                                         section, key.str(), section));
        read_keys(origin, inner, *value.as_table(), sections[inner]);
      }
    } else {
      read_keys(origin, section, *keys, sections[section]);
    }
  }
  return sections;
}

Configuration read_configuration(const std::filesystem::path& file) {
  Configuration configuration;
  configuration.directory = file.parent_path().empty() ? std::filesystem::path(".") : file.parent_path();
  configuration.name = file.stem().string();
  configuration.sections = parse_configuration(read_file(file), file.string());
  return configuration;
}

std::string write_configuration(const Sections& sections) {
  std::string text;
  const auto write = [&](const std::string& name, const OptionTable& options) {
    if (!text.empty()) text += '\n';
    text += fmt::format("[{}]\n", name);
    for (const auto& [key, value] : options) text += fmt::format("{} = {}\n", key, value_text(value));
  };
  for (const auto& name : section_names()) {
    const auto section = sections.find(name);
    if (section != sections.end()) write(name, section->second);
  }
  for (const auto& [name, options] : sections)
    if (name.rfind(std::string(kNested) + ".", 0) == 0) write(name, options);
  return text;
}

}  // namespace brink::cli
