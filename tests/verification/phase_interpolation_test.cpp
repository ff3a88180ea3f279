// Interpolated growth rates of phase diagrams against the computed ones they stand for.

#include "brink/verification/phase_interpolation.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/examples.hpp"
#include "verification/loaded.hpp"

using namespace brink;
using brink::test::loaded;

namespace {

PhasePlan plan_of(const std::string& rule, double momentum, std::int64_t coarse) {
  PhasePlan plan;
  plan.rule = rule;
  plan.x = make_axis("batch", 1, 2, 2, false);
  plan.y = make_axis("eta", 0.02, 6, 60, true);
  plan.third = {momentum};
  plan.coarse = coarse;
  return plan;
}

struct HeldOut {
  std::size_t cells = 0;
  std::size_t outside = 0;
  double largest_error = 0;
  double largest_bound = 0;
};

/// Interpolates the diagram refined from every `coarse`-th cell and compares with every other cell, computed.
HeldOut held_out(const PhasePlan& plan, bool proven) {
  const auto model = loaded(oracle::three_rows().rows);
  PhasePlan everything = plan;
  everything.coarse = 1;
  const auto full = compute_phase_diagram(model, everything);
  const auto refined = compute_phase_diagram(model, plan);
  const auto interpolated = interpolate_growth(plan, refined);
  CHECK(refined.size() + interpolated.size() == full.size());
  HeldOut result;
  for (const auto& [cell, growth] : interpolated) {
    const Estimate& exact = *full.at(cell).growth.estimate;
    const double error = std::abs(growth.log_growth - exact.value);
    CHECK(growth.proven == proven);
    CHECK((growth.log_growth < 0) == *full.at(cell).stable);
    ++result.cells;
    result.outside += error > growth.bound + exact.error ? 1 : 0;
    result.largest_error = std::max(result.largest_error, error);
    result.largest_bound = std::max(result.largest_bound, growth.bound);
  }
  return result;
}

}  // namespace

TEST_CASE("growth of SGD is enclosed between computed cells", "[verification][fast]") {
  for (const char* rule : {"sgd", "heavy-ball"}) {
    double before = 1e300;
    for (const std::int64_t coarse : {25, 12, 6, 3, 2}) {
      CAPTURE(rule, coarse);
      const auto result = held_out(plan_of(rule, 0, coarse), true);
      CHECK(result.cells > 50);
      CHECK(result.outside == 0);
      CHECK(result.largest_bound <= before);
      before = result.largest_bound;
    }
  }
}

TEST_CASE("growth with momentum is interpolated within the error of points left out", "[verification][fast]") {
  double before = 1e300;
  for (const std::int64_t coarse : {8, 4, 2}) {
    CAPTURE(coarse);
    const auto result = held_out(plan_of("heavy-ball", 0.5, coarse), false);
    CAPTURE(result.largest_error, result.largest_bound);
    CHECK(result.cells > 50);
    CHECK(result.outside == 0);
    CHECK(result.largest_error < before);
    before = result.largest_error;
  }
}

TEST_CASE("what a cell without growth separates is not interpolated", "[verification][fast]") {
  const auto model = loaded(oracle::three_rows().rows);
  const PhasePlan plan = plan_of("sgd", 0, 6);
  auto cells = compute_phase_diagram(model, plan);
  const PhaseGrid grid(plan);
  const Index cell = grid.cell(0, 12);
  cells.at(cell).growth = CellValue{{}, "not found"};
  const auto interpolated = interpolate_growth(plan, cells);
  for (Index position = 7; position < 18; ++position) CHECK(interpolated.count(grid.cell(0, position)) == 0);
  CHECK(interpolated.count(grid.cell(0, 5)) == 1);
  CHECK(interpolate_growth(plan, {}).empty());
}
