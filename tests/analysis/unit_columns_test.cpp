#include "analysis/unit_columns.hpp"

#include <catch2/catch.hpp>

using namespace brink::analysis;

TEST_CASE("a column of the rows of a unit", "[study][fast]") {
  const std::vector<double> values = {-1, 10, 11, 12, 20, 21, 22};  // a head of one, two rows of three
  CHECK(unit_column(values, 1, 3) == std::vector<double>{10, 20});
  CHECK(unit_column(values, 3, 3) == std::vector<double>{12, 22});
  CHECK(unit_column({-1}, 1, 3).empty());
  CHECK(unit_column({}, 0, 3).empty());
}
