#include "analysis/flow_averages.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace brink;
using namespace brink::analysis;

namespace {

double constant_of(FlowColumn column) { return 100 * static_cast<double>(column); }

/// `ones` steps with one direction and loss 3, then `twos` with two and loss 5; every other column is 100 times its
/// place.
std::vector<double> flow_unit(int ones, int twos) {
  std::vector<double> values;
  for (int t = 0; t < ones + twos; ++t)
    for (std::size_t column = 0; column < kFlowColumns; ++column)
      values.push_back(column == kOscillating   ? (t < ones ? 1 : 2)
                       : column == kDescentLoss ? (t < ones ? 3 : 5)
                                                : constant_of(static_cast<FlowColumn>(column)));
  return values;
}

}  // namespace

TEST_CASE("averages are over the steps with as many directions at the edge", "[study][fast]") {
  const auto values = flow_unit(150, 200);
  CHECK(flow_average(values, kDescentLoss, 1) == Approx(3));
  CHECK(flow_average(values, kDescentLoss, 2) == Approx(5));
  CHECK(flow_average(values, kResidual, 2) == Approx(constant_of(kResidual)));
  CHECK(flow_average(values, kFlowLoss, 1) == Approx(constant_of(kFlowLoss)));
}

TEST_CASE("fewer than a hundred steps have no average", "[study][fast]") {
  CHECK(flow_average(flow_unit(100, 0), kDescentLoss, 1) == Approx(3));
  CHECK(std::isnan(flow_average(flow_unit(99, 200), kDescentLoss, 1)));
  CHECK(std::isnan(flow_average(flow_unit(200, 200), kDescentLoss, 3)));
  CHECK(std::isnan(flow_average({}, kDescentLoss, 1)));
  // A second eigenvalue that the flow does not have is NaN, and so is its mean.
  auto values = flow_unit(100, 100);
  values[kFlowSecond] = NAN;
  CHECK(std::isnan(flow_average(values, kFlowSecond, 1)));
  CHECK(flow_average(values, kFlowSecond, 2) == Approx(constant_of(kFlowSecond)));
}
