#include "analysis/plateau_levels.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace brink;
using namespace brink::analysis;

namespace {

const std::vector<Index> kSizes = {8, 16, 32, 64, 1024};

/// 10 − 20·B^slope, and 10 at full batch.
std::vector<double> tops_with(double slope) {
  std::vector<double> tops;
  for (const Index b : kSizes) tops.push_back(10 - 20 * std::pow(static_cast<double>(b), slope));
  tops.back() = 10;
  return tops;
}

}  // namespace

TEST_CASE("the slope of a gap that is a power law is its exponent", "[study][fast]") {
  for (const double slope : {-2.0, -1.0, -0.5}) CHECK(gap_slope(kSizes, tops_with(slope)) == Approx(slope));
  // Whatever the unit of the curvature.
  auto tops = tops_with(-1);
  for (double& top : tops) top *= 0.6;
  CHECK(gap_slope(kSizes, tops) == Approx(-1));
}

TEST_CASE("batch sizes without a gap are left out of its slope", "[study][fast]") {
  auto tops = tops_with(-1);
  tops[1] = NAN;
  CHECK(gap_slope(kSizes, tops) == Approx(-1));
  tops = tops_with(-1);
  tops[3] = 10;  // a tie
  CHECK(gap_slope(kSizes, tops) == Approx(-1));
  tops[3] = 11;
  CHECK(gap_slope(kSizes, tops) == Approx(-1));
  tops[3] = -INFINITY;
  CHECK(gap_slope(kSizes, tops) == Approx(-1));
  tops[1] = NAN;  // two are left
  CHECK(std::isnan(gap_slope(kSizes, tops)));
  CHECK(std::isnan(gap_slope(kSizes, std::vector<double>(5, 3.0))));
  tops = tops_with(-1);
  tops.back() = NAN;  // no plateau at full batch
  CHECK(std::isnan(gap_slope(kSizes, tops)));
}

TEST_CASE("the smallest rise is that between neighbours that have a level", "[study][fast]") {
  CHECK(smallest_rise({1, 1.5, 3}) == 0.5);
  CHECK(smallest_rise({1, 3, 2.75, 4}) == -0.25);  // a fall is negative
  CHECK(smallest_rise({2, 2, 2}) == 0);
  CHECK(smallest_rise({1, NAN, 1.5, 3}) == 0.5);
  CHECK(smallest_rise({NAN, 1, 4, NAN}) == 3);
  for (const auto& too_few : {std::vector<double>{}, {1}, {NAN, 1, NAN}, {NAN, NAN}})
    CHECK(smallest_rise(too_few) == INFINITY);
}
