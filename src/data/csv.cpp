#include "brink/data/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>

#include "brink/base/error.hpp"

namespace brink {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0;;) {
    const std::size_t end = line.find(',', begin);
    fields.push_back(trim(line.substr(begin, end - begin)));
    if (end == std::string_view::npos) return fields;
    begin = end + 1;
  }
}

/// Of a number that is out of range: whether it is too small rather than too large. The library reports both alike.
bool is_below_one(std::string_view number) {
  const std::size_t end = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, end);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(std::min(digits.find_first_of("123456789"), digits.size()));
  std::string_view power = number.substr(std::min(end + 1, number.size()));
  if (power.starts_with('+')) power.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto parsed = std::from_chars(power.data(), power.data() + power.size(), exponent);
  if (parsed.ec == std::errc::result_out_of_range) return power.starts_with('-');
  // The first digit stands for this power of 10; as doubles, because the sum may leave the integers.
  const double leading = static_cast<double>(point - first - (first < point ? 1 : 0)) + static_cast<double>(exponent);
  return leading < 0;
}

/// The number, NaN and infinities included; nothing when the text is not a number.
std::optional<double> number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc::result_out_of_range) {
    const double size = is_below_one(text) ? 0 : HUGE_VAL;
    return text.starts_with('-') ? -size : size;
  }
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

}  // namespace

CsvTable read_csv(const std::filesystem::path& path) {
  std::error_code error;
  std::ifstream in(path);
  if (!std::filesystem::is_regular_file(path, error) || !in) {
    fail_argument("read_csv", path.string(), "no file that can be read", "a file of comma-separated numbers");
  }
  CsvTable table;
  std::vector<double> values;
  std::size_t columns = 0;
  std::size_t line_number = 0;
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    std::string_view text = line;
    if (line_number == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (trim(text).empty()) continue;
    const auto fields = split(text);
    const bool is_first = columns == 0;
    if (is_first) columns = fields.size();
    if (fields.size() != columns) {
      fail_argument("read_csv", fmt::format("{}, line {}", path.string(), line_number),
                    fmt::format("{} columns", fields.size()), fmt::format("{} as in the first line", columns));
    }
    if (is_first && std::none_of(fields.begin(), fields.end(), [](auto field) { return number(field).has_value(); })) {
      for (const auto field : fields) table.names.push_back(unquoted(field));
      continue;
    }
    for (std::size_t column = 0; column < columns; ++column) {
      const auto value = number(fields[column]);
      if (!value || !std::isfinite(*value)) {
        fail_argument("read_csv", fmt::format("{}, line {}, column {}", path.string(), line_number, column + 1),
                      fmt::format("\"{}\"", fields[column]), "a finite number");
      }
      values.push_back(*value);
    }
  }
  if (in.bad() || values.empty()) {
    fail_argument("read_csv", path.string(), in.bad() ? "a file that cannot be read" : "a table without a number",
                  "at least one line of numbers");
  }
  const auto width = static_cast<Index>(columns);
  table.values = Eigen::Map<const RowMatrix>(values.data(), static_cast<Index>(values.size()) / width, width);
  return table;
}

}  // namespace brink
