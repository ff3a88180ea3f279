#include "analysis/extremes.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/report/study.hpp"

using namespace brink;
using namespace brink::analysis;

TEST_CASE("what is above zero is never negative, and NaN stays NaN", "[study][fast]") {
  CHECK(above_zero(2) == 2);
  CHECK(above_zero(0) == 0);
  CHECK(above_zero(-2) == 0);
  CHECK(above_zero(-INFINITY) == 0);
  CHECK(above_zero(INFINITY) == INFINITY);
  CHECK(std::isnan(above_zero(NAN)));
  // What std::max(0.0, NaN) would pass for a difference of nothing.
  CHECK(judge_exact({}, {0, above_zero(NAN)}, 1e-9).decision == Decision::refuted);
}

TEST_CASE("extremes with a NaN among the values are NaN wherever it stands", "[study][fast]") {
  CHECK(smallest_of({3, 1, 2}) == 1);
  CHECK(largest_of({3, 1, 2}) == 3);
  CHECK(smallest_of({2, 2}) == 2);
  CHECK(largest_of({2, 2}) == 2);
  CHECK(smallest_of({5}) == 5);
  CHECK(smallest_of({1, INFINITY}) == 1);
  CHECK(largest_of({1, INFINITY}) == INFINITY);
  for (const auto& values : {std::vector<double>{NAN, 1, 2}, {1, NAN, 2}, {1, 2, NAN}, {}}) {
    CHECK(std::isnan(smallest_of(values)));
    CHECK(std::isnan(largest_of(values)));
  }
}
