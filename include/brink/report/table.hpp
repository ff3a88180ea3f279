#pragma once
// A small table of results: one object, written as CSV for programs and as aligned text for people.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace brink {

/// One entry: nothing (a missing value), a truth value, an integer, a real number or text.
using TableValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct Column {
  std::string name;
  int significant_digits = 6;  ///< of real numbers in the text table; CSV is always exact
};

/// Columns with names, rows of values. Every row has one value per column.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Throws InvalidInput unless `row` has one value per column.
  void add_row(std::vector<TableValue> row);

  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  [[nodiscard]] const std::vector<std::vector<TableValue>>& rows() const { return rows_; }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<TableValue>> rows_;
};

/// RFC 4180 with a header line, LF line ends. Real numbers are the shortest decimals that read back to the same double,
/// whatever the locale. A missing value and a number that is not finite are empty fields.
[[nodiscard]] std::string to_csv(const Table& table);

/// Aligned columns for a terminal: numbers to the right, text to the left, a missing value as "–". Names wider than
/// their values are broken after underscores.
[[nodiscard]] std::string to_text(const Table& table);

/// The shortest decimal that reads back to the same double ("0.1", "1e-08"), whatever the locale.
[[nodiscard]] std::string shortest(double value);

}  // namespace brink
