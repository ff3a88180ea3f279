#include "brink/base/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace brink {
namespace {

std::string number_text(double value) { return fmt::format("{}", value); }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

/// An integer given as a whole double (a TOML author writes 1e3) is accepted.
bool whole(double value) { return std::isfinite(value) && value == std::floor(value) && std::abs(value) < 0x1p53; }

}  // namespace

std::string to_string(const OptionValue& value) {
  struct Writer {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return number_text(v); }
    std::string operator()(const std::string& v) const { return fmt::format("\"{}\"", v); }
    std::string operator()(const std::vector<double>& v) const {
      std::string text;
      for (const double x : v) text += (text.empty() ? "" : ", ") + number_text(x);
      return "[" + text + "]";
    }
    std::string operator()(const std::vector<std::string>& v) const {
      std::string text;
      for (const auto& x : v) text += (text.empty() ? "\"" : ", \"") + x + "\"";
      return "[" + text + "]";
    }
  };
  return std::visit(Writer{}, value);
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  const auto nearest = std::min_element(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
    return edit_distance(name, a) < edit_distance(name, b);
  });
  return nearest == candidates.end() ? std::string() : *nearest;
}

namespace options_detail {

void fail_type(std::string_view section, std::string_view key, const OptionValue& value, std::string_view allowed) {
  throw InvalidInput(fmt::format("{}: {} = {}, need {}", section, key, to_string(value), allowed));
}

void fail_unknown(std::string_view section, std::string_view key, const std::vector<std::string>& known) {
  throw InvalidInput(
      fmt::format("{}: unknown key \"{}\", the nearest known one is \"{}\"", section, key, nearest_name(key, known)));
}

bool assign(bool& target, const OptionValue& value) {
  const auto* given = std::get_if<bool>(&value);
  if (given) target = *given;
  return given != nullptr;
}

bool assign(std::int64_t& target, const OptionValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    target = *integer;
    return true;
  }
  const auto* real = std::get_if<double>(&value);
  if (!real || !whole(*real)) return false;
  target = static_cast<std::int64_t>(*real);
  return true;
}

bool assign(std::uint64_t& target, const OptionValue& value) {
  std::int64_t integer = 0;
  if (!assign(integer, value) || integer < 0) return false;
  target = static_cast<std::uint64_t>(integer);
  return true;
}

bool assign(double& target, const OptionValue& value) {
  if (const auto* real = std::get_if<double>(&value)) {
    target = *real;
    return true;
  }
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (integer) target = static_cast<double>(*integer);
  return integer != nullptr;
}

bool assign(std::string& target, const OptionValue& value) {
  const auto* given = std::get_if<std::string>(&value);
  if (given) target = *given;
  return given != nullptr;
}

bool assign(std::vector<double>& target, const OptionValue& value) {
  if (const auto* given = std::get_if<std::vector<double>>(&value)) {
    target = *given;
    return true;
  }
  double single = 0;
  if (!assign(single, value)) return false;
  target = {single};
  return true;
}

bool assign(std::vector<std::int64_t>& target, const OptionValue& value) {
  std::vector<double> reals;
  if (!assign(reals, value) || !std::all_of(reals.begin(), reals.end(), whole)) return false;
  target.clear();
  for (const double x : reals) target.push_back(static_cast<std::int64_t>(x));
  return true;
}

bool assign(std::vector<std::string>& target, const OptionValue& value) {
  if (const auto* given = std::get_if<std::vector<std::string>>(&value)) {
    target = *given;
    return true;
  }
  // An empty list has no type of its own.
  if (const auto* reals = std::get_if<std::vector<double>>(&value); reals && reals->empty()) {
    target.clear();
    return true;
  }
  std::string single;
  if (!assign(single, value)) return false;
  target = {single};
  return true;
}

OptionValue erase(bool value) { return value; }
OptionValue erase(std::int64_t value) { return value; }
OptionValue erase(std::uint64_t value) { return static_cast<std::int64_t>(value); }
OptionValue erase(double value) { return value; }
OptionValue erase(const std::string& value) { return value; }
OptionValue erase(const std::vector<double>& value) { return value; }
OptionValue erase(const std::vector<std::int64_t>& value) { return std::vector<double>(value.begin(), value.end()); }
OptionValue erase(const std::vector<std::string>& value) { return value; }

}  // namespace options_detail
}  // namespace brink
