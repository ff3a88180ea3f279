#pragma once
// Tables of numbers in comma-separated text.

#include <filesystem>
#include <string>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

struct CsvTable {
  std::vector<std::string> names;  ///< of the header line; empty when there is none
  RowMatrix values;                ///< one line a row
};

/// Reads a table of finite numbers. The first line is a header when none of its fields is a number. Blank lines are
/// skipped; spaces around fields, a byte order mark and Windows line ends are accepted; quotes are accepted in the
/// header only. Throws InvalidInput naming the file, the line, the column and the text of a field that is not a finite
/// number, of a line of another length, or an empty table.
[[nodiscard]] CsvTable read_csv(const std::filesystem::path& path);

}  // namespace brink
