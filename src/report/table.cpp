#include "brink/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr const char* kMissing = "–";

bool is_missing(const TableValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  const auto* number = std::get_if<double>(&value);
  return number != nullptr && !std::isfinite(*number);
}

bool is_number(const TableValue& value) {
  return std::holds_alternative<double>(value) || std::holds_alternative<std::int64_t>(value);
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

std::string csv_field(const TableValue& value) {
  if (is_missing(value)) return {};
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return shortest(*number);
  return quoted(std::get<std::string>(value));
}

std::string text_field(const TableValue& value, int significant_digits) {
  if (is_missing(value)) return kMissing;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:.{}g}", *number, significant_digits);
  return std::get<std::string>(value);
}

/// Characters a terminal shows for UTF-8 text without combining or wide characters.
std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// A column name as lines of at most `width` characters, broken after underscores (a longer word stays whole).
std::vector<std::string> wrapped(const std::string& name, std::size_t width) {
  std::vector<std::string> lines(1);
  for (std::size_t begin = 0; begin < name.size();) {
    const auto end = std::min(name.find('_', begin), name.size() - 1) + 1;
    const auto word = name.substr(begin, end - begin);
    if (!lines.back().empty() && display_width(lines.back() + word) > width) lines.emplace_back();
    lines.back() += word;
    begin = end;
  }
  return lines;
}

template <class Fields, class Field>
std::string csv_line(const Fields& fields, const Field& field) {
  std::string line;
  for (std::size_t j = 0; j < fields.size(); ++j) {
    if (j != 0) line += ',';
    const std::string text = field(fields[j]);
    // A line that ends in a comma has one column less for gnuplot.
    line += text.empty() && j + 1 == fields.size() ? "\"\"" : text;
  }
  return line + '\n';
}

}  // namespace

std::string shortest(double value) { return fmt::format("{}", value == 0 ? 0.0 : value); }

void Table::add_row(std::vector<TableValue> row) {
  check_argument(row.size() == columns_.size(), "Table::add_row", "row.size()", row.size(),
                 fmt::format("{}, one value per column", columns_.size()));
  rows_.push_back(std::move(row));
}

std::string to_csv(const Table& table) {
  std::string text = csv_line(table.columns(), [](const Column& column) { return quoted(column.name); });
  for (const auto& row : table.rows()) text += csv_line(row, csv_field);
  return text;
}

std::string to_text(const Table& table) {
  constexpr std::size_t kNarrowest = 10;  // names are broken to fit their values, but not below this
  const std::size_t columns = table.columns().size();
  std::vector<std::vector<std::string>> lines;
  std::vector<bool> to_the_right(columns, false);
  std::vector<std::size_t> widths(columns, 0);
  for (const auto& row : table.rows()) {
    auto& line = lines.emplace_back();
    for (std::size_t j = 0; j < columns; ++j) {
      line.push_back(text_field(row[j], table.columns()[j].significant_digits));
      to_the_right[j] = to_the_right[j] || is_number(row[j]);
      widths[j] = std::max(widths[j], display_width(line[j]));
    }
  }

  std::vector<std::vector<std::string>> names;
  std::size_t height = 0;
  for (std::size_t j = 0; j < columns; ++j) {
    names.push_back(wrapped(table.columns()[j].name, std::max(widths[j], kNarrowest)));
    for (const auto& part : names[j]) widths[j] = std::max(widths[j], display_width(part));
    height = std::max(height, names[j].size());
  }
  std::vector<std::vector<std::string>> head(height, std::vector<std::string>(columns));
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t i = 0; i < names[j].size(); ++i) head[height - names[j].size() + i][j] = names[j][i];
  }

  std::string text;
  const auto write = [&](const std::vector<std::string>& fields) {
    std::string shown;
    for (std::size_t j = 0; j < columns; ++j) {
      const std::string padding(widths[j] - display_width(fields[j]), ' ');
      if (j != 0) shown += "  ";
      shown += to_the_right[j] ? padding + fields[j] : fields[j] + padding;
    }
    text += shown.substr(0, shown.find_last_not_of(' ') + 1) + '\n';
  };
  std::for_each(head.begin(), head.end(), write);
  for (std::size_t j = 0; j < columns; ++j) {
    if (j != 0) text += "  ";
    for (std::size_t k = 0; k < widths[j]; ++k) text += "─";
  }
  text += '\n';
  std::for_each(lines.begin(), lines.end(), write);
  return text;
}

}  // namespace brink
