// Detectors on records whose jumps and splits are known.

#include "analysis/momentum_detectors.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace brink;
using namespace brink::analysis;

namespace {

constexpr double kDetectorRate = 0.2;  // a jump is above 5

/// `count` records of 1, and `level` in [from, to).
std::vector<double> records_with(std::size_t count, std::size_t from, std::size_t to, double level) {
  std::vector<double> values(count, 1.0);
  for (std::size_t i = from; i < to; ++i) values[i] = level;
  return values;
}

}  // namespace

TEST_CASE("the final loss is the geometric mean of the last fifth", "[study][fast]") {
  // 1, 1/2, 1/4, …: of twenty the last fifth is 2⁻¹⁶ to 2⁻¹⁹.
  std::vector<double> loss;
  for (int i = 0; i < 20; ++i) loss.push_back(std::pow(2.0, -i));
  CHECK(final_loss(loss, 20) == Approx(std::pow(2.0, -17.5)).epsilon(1e-14));
  CHECK(final_loss(std::vector<double>(401, 0.3), 401) == Approx(0.3).epsilon(1e-14));
  CHECK(final_loss({8, 8, 8, 8, 2}, 5) == Approx(2));
  // It broke off one record before the end.
  CHECK(std::isnan(final_loss(loss, 21)));
  CHECK(std::isnan(final_loss({}, 5)));
  CHECK(std::isnan(final_loss({1, 1, 1, 1, NAN}, 5)));
}

TEST_CASE("the largest sharpness is not that of the start", "[study][fast]") {
  CHECK(largest_after_start(records_with(100, 0, 10, 9)) == 1);
  CHECK(largest_after_start(records_with(100, 0, 11, 9)) == 9);
  CHECK(largest_after_start(records_with(100, 99, 100, 9)) == 9);
  CHECK(largest_after_start({}) == 0);
}

TEST_CASE("a jump begins with the first of three records above half of the stable sharpness", "[study][fast]") {
  CHECK(first_jump(records_with(100, 40, 43, 5.1), kDetectorRate) == 40);
  CHECK(first_jump(records_with(100, 97, 100, 5.1), kDetectorRate) == 97);  // the last three
  CHECK(first_jump(records_with(100, 40, 42, 9), kDetectorRate) == -1);     // two
  CHECK(first_jump(records_with(100, 98, 100, 9), kDetectorRate) == -1);
  // Half of 2/η_ef is 1/η_ef: neither 2/η_ef nor 1/(2η_ef), and not reached by equality.
  CHECK(first_jump(records_with(100, 40, 60, 5), kDetectorRate) == -1);
  CHECK(first_jump(records_with(100, 40, 60, 9.9), kDetectorRate) == 40);
  // Two, a gap, three.
  auto broken = records_with(100, 40, 45, 9);
  broken[42] = 1;
  CHECK(first_jump(broken, kDetectorRate) == -1);
  broken[45] = 9;
  CHECK(first_jump(broken, kDetectorRate) == 43);
  // What happens in the first tenth is found only where it lasts.
  CHECK(first_jump(records_with(100, 0, 12, 9), kDetectorRate) == -1);
  CHECK(first_jump(records_with(100, 0, 13, 9), kDetectorRate) == 10);
  CHECK(first_jump({9, 9}, kDetectorRate) == -1);
  CHECK(first_jump({}, kDetectorRate) == -1);
  CHECK(first_jump(std::vector<double>(100, NAN), kDetectorRate) == -1);
}

TEST_CASE("a split begins with the first of twenty records that differ by a fifth of the smaller", "[study][fast]") {
  const auto flat = records_with(100, 0, 0, 0);
  const auto both = [&](const std::vector<double>& other) {
    CHECK(first_split(flat, other) == first_split(other, flat));
    return first_split(flat, other);
  };
  CHECK(both(flat) == -1);
  CHECK(both(records_with(100, 40, 60, 1.21)) == 40);
  CHECK(both(records_with(100, 80, 100, 1.21)) == 80);
  CHECK(both(records_with(100, 40, 59, 9)) == -1);     // nineteen
  CHECK(both(records_with(100, 40, 60, 0.83)) == 40);  // 1 is above 1.2·0.83, though not 0.83 below 0.8
  CHECK(both(records_with(100, 40, 60, 1.19)) == -1);
  CHECK(both(records_with(100, 40, 60, 0.84)) == -1);
  auto broken = records_with(100, 40, 75, 9);
  broken[54] = 1;
  CHECK(both(broken) == 55);
  CHECK(both(records_with(100, 0, 29, 9)) == -1);
  CHECK(both(records_with(100, 0, 30, 9)) == 10);
  // One broke off: the records of both are compared, a tenth of which is 5.
  CHECK(both(records_with(50, 0, 50, 9)) == 5);
  CHECK(both(records_with(15, 0, 15, 9)) == -1);
  CHECK(both({}) == -1);
  CHECK(both(records_with(100, 40, 60, NAN)) == -1);
}
