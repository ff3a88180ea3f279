#include "option_flags.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace brink::cli {
namespace {

std::string default_flag(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> items(1);
  for (const char c : text) {
    if (c == ',') {
      items.emplace_back();
    } else {
      items.back() += c;
    }
  }
  return items;
}

template <class Number>
std::optional<Number> read_number(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

/// The value that a bare word stands for.
OptionValue parse_scalar(const std::string& text, const OptionValue& like) {
  if (std::holds_alternative<std::string>(like)) return text;
  if (text == "true" || text == "false") return text == "true";
  if (const auto integer = read_number<std::int64_t>(text)) return *integer;
  if (const auto real = read_number<double>(text)) return *real;
  return text;
}

std::string default_text(const OptionValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::string text = to_string(value);
  std::erase_if(text, [](char c) { return c == '"' || c == '[' || c == ']' || c == ' '; });
  return text;
}

}  // namespace

void SectionFlags::add_described(CLI::App& app, const FlagNames& names, const std::vector<OptionDescription>& fields) {
  for (const auto& field : fields) {
    const auto renamed = names.find(field.name);
    const std::string flag = renamed == names.end() ? default_flag(field.name) : renamed->second;
    if (flag.empty()) continue;
    const bool is_list = std::holds_alternative<std::vector<double>>(field.default_value) ||
                         std::holds_alternative<std::vector<std::string>>(field.default_value);
    Typed& typed = typed_[field.name];
    typed.flag = flag;
    typed.option = app.add_option(flag, typed.text, field.help + " (" + field.allowed + ")");
    typed.option->type_name(is_list ? "LIST" : "VALUE");
    const std::string by_default = default_text(field.default_value);
    if (!by_default.empty()) typed.option->default_str(by_default);
  }
}

OptionValue SectionFlags::parse(const std::string& text, const OptionValue& like) {
  if (std::holds_alternative<std::vector<std::string>>(like)) return split(text);
  if (!std::holds_alternative<std::vector<double>>(like)) return parse_scalar(text, like);
  std::vector<double> numbers;
  for (const auto& item : split(text)) {
    const auto number = read_number<double>(item);
    if (!number) return text;  // not a list of numbers: the assignment refuses it with the flag's own words
    numbers.push_back(*number);
  }
  return numbers;
}

void SectionFlags::fail(const Typed& typed, std::string_view allowed) {
  fail_argument("command line", typed.flag, std::string_view(typed.text), allowed);
}

}  // namespace brink::cli
