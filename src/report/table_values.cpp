#include "table_values.hpp"

#include <cmath>

namespace brink::table_values {

TableValue integer(Index value) { return static_cast<std::int64_t>(value); }

TableValue optional(const std::optional<double>& value) { return value ? TableValue(*value) : TableValue(); }

TableValue number(double value) { return std::isfinite(value) ? TableValue(value) : TableValue(); }

TableValue positive(double value) { return std::isfinite(value) && value > 0 ? TableValue(value) : TableValue(); }

std::vector<Column> cell_columns() { return {{"rule"}, {"momentum"}, {"sampling"}, {"batch"}}; }

Row cell_values(const Cell& cell) {
  return {cell.rule, cell.parameters.momentum, cell.sampling, integer(cell.batch_size)};
}

void append(std::vector<Column>& columns, std::initializer_list<Column> more) { columns.insert(columns.end(), more); }

void append(Row& row, std::initializer_list<TableValue> more) { row.insert(row.end(), more); }

}  // namespace brink::table_values
