#pragma once
// What the rows of every table are made of.

#include <initializer_list>
#include <optional>
#include <vector>

#include "brink/report/table.hpp"
#include "brink/verification/verification.hpp"

namespace brink::table_values {

using Row = std::vector<TableValue>;

/// Significant digits of an error.
constexpr int kErrorDigits = 2;

[[nodiscard]] TableValue integer(Index value);

/// Nothing where there is no value.
[[nodiscard]] TableValue optional(const std::optional<double>& value);

/// Nothing where the value is not finite.
[[nodiscard]] TableValue number(double value);

/// Nothing where a logarithmic axis cannot show the value.
[[nodiscard]] TableValue positive(double value);

/// rule, momentum, sampling, batch: the columns and their values.
[[nodiscard]] std::vector<Column> cell_columns();
[[nodiscard]] Row cell_values(const Cell& cell);

void append(std::vector<Column>& columns, std::initializer_list<Column> more);
void append(Row& row, std::initializer_list<TableValue> more);

}  // namespace brink::table_values
