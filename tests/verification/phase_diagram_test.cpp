// Phase diagrams against closed forms, and refined ones against full ones.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/report/phase_report.hpp"
#include "brink/verification/phase_diagram.hpp"
#include "oracle/examples.hpp"
#include "verification/loaded.hpp"

using namespace brink;
using brink::test::loaded;

namespace {

/// One sample each of curvature 1 and 2 on a line: mean curvature 3/2, variance 1/4.
LoadedModel one_and_two() { return loaded(RowMatrix{{1.0}, {std::sqrt(2.0)}}); }

/// Heavy ball with one parameter at batch size 1 [theory.md, scalar closed form].
double scalar_threshold(double momentum) {
  const double a = 1.5;
  const double v = 0.25;
  return 1 / (a / (2 * (1 + momentum)) + v / (2 * a * (1 - momentum)));
}

PhasePlan momentum_and_eta(std::int64_t cells) {
  PhasePlan plan;
  plan.rule = "heavy-ball";
  plan.x = make_axis("momentum", 0, 0.97, cells, false);
  plan.y = make_axis("eta", 0.05, 6, cells, true);
  plan.third = {1};
  return plan;
}

bool same(const PhaseCells& a, const PhaseCells& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [cell, value] : a) {
    const auto other = b.find(cell);
    if (other == b.end() || phase_record(cell, value) != phase_record(cell, other->second)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a refined picture is the full one where the boundary is monotone", "[verification][fast]") {
  const auto model = loaded(oracle::three_rows().rows);
  PhasePlan plan = momentum_and_eta(24);
  plan.coarse = 8;
  const auto refined = compute_phase_diagram(model, plan);
  PhasePlan everything = plan;
  everything.coarse = 1;
  const auto full = compute_phase_diagram(model, everything);
  const PhaseGrid grid(plan);
  REQUIRE(static_cast<Index>(full.size()) == grid.cells());
  CHECK(refined.size() <= 24 * (4 + 3));  // positions 0, 8, 16, 23 and three halvings of a line
  const auto sources = inherited_from(plan, refined);
  for (Index cell = 0; cell < grid.cells(); ++cell) {
    CAPTURE(cell);
    CHECK(refined.at(sources[static_cast<std::size_t>(cell)]).stable == full.at(cell).stable);
  }
  for (const auto& [cell, value] : refined) CHECK(phase_record(cell, value) == phase_record(cell, full.at(cell)));
}

TEST_CASE("a picture of 200 by 200 costs a few thousand cells and has the right sign in every one", "[verification]") {
  const auto model = one_and_two();
  const PhasePlan plan = momentum_and_eta(200);
  const auto cells = compute_phase_diagram(model, plan);
  CHECK(cells.size() <= 3600);
  const PhaseGrid grid(plan);
  const auto sources = inherited_from(plan, cells);
  int wrong = 0;
  for (Index cell = 0; cell < grid.cells(); ++cell) {
    const auto setting = grid.setting(cell);
    wrong +=
        *cells.at(sources[static_cast<std::size_t>(cell)]).stable != (setting.eta < scalar_threshold(setting.momentum));
  }
  CHECK(wrong == 0);
  for (Index line = 0; line < grid.lines(); line += 20) {
    const auto& threshold = *cells.at(grid.cell(line, 0)).threshold;
    CHECK(threshold.eta_mean_square ==
          Approx(scalar_threshold(grid.setting(grid.cell(line, 0)).momentum)).epsilon(1e-9));
  }
}

TEST_CASE("measured values of a cell agree with the exact ones", "[verification][fast]") {
  const auto model = one_and_two();
  PhasePlan plan;
  plan.x = make_axis("eta", 1.3, 1.4, 2, false);
  plan.y = make_axis("batch", 1, 2, 2, false);
  plan.third = {0};
  plan.measured_growth = plan.lyapunov = plan.escape = true;
  plan.replicas = 2000;
  plan.steps = 400;
  plan.burn_in = 100;
  plan.escape_level = 3;
  const auto cell = compute_phase_cell(model, plan, 0);
  // Curvatures 1 and 2 with equal probability at η = 1.3.
  CHECK(cell.growth.estimate->value == Approx(0.281412459438).epsilon(1e-9));
  CHECK_FALSE(*cell.stable);
  const auto z = [](const CellValue& value, double exact) {
    return (value.estimate->value - exact) / value.estimate->error;
  };
  CHECK(std::abs(z(*cell.measured_growth, 0.281412459438)) < 4.5);
  CHECK(std::abs(z(*cell.lyapunov, -0.366984587540)) < 4.5);
  REQUIRE(cell.escape);
  CHECK(cell.escape->horizon == 400);
  CHECK(cell.escape->escaped > 0);

  // The full batch has no noise: growth 2 ln|1 − 1.5 η|.
  const auto full_batch = compute_phase_cell(model, plan, 2);
  const double exact = 2 * std::log(std::abs(1 - 1.5 * 1.3));
  CHECK(full_batch.growth.estimate->value == Approx(exact).epsilon(1e-9));
  CHECK(full_batch.measured_growth->estimate->value == Approx(exact).epsilon(1e-9));
  CHECK(full_batch.lyapunov->estimate->value == Approx(exact / 2).epsilon(1e-9));
  // Computed, to the last digits that LAPACK leaves.
  CHECK(full_batch.lyapunov->estimate->error == 1e-14);
  CHECK(full_batch.measured_growth->estimate->error == 2e-14);
}

TEST_CASE("the Lyapunov exponent of a cell is that of the direction that leads almost surely", "[verification][fast]") {
  // At η = 1, direction 1 is multiplied by 0.01, −1.6 or 1 with equal probability, direction 2 by 1, 1 or ½: the first
  // one leads the second moment, the second one almost every trajectory.
  const auto model = loaded(RowMatrix{{std::sqrt(0.99), 0}, {std::sqrt(2.6), 0}, {0, std::sqrt(0.5)}});
  PhasePlan plan;
  plan.x = make_axis("eta", 1, 1.1, 2, false);
  plan.y = make_axis("batch", 1, 2, 2, false);
  plan.third = {0};
  plan.lyapunov = true;
  plan.replicas = 400;
  plan.steps = 300;
  plan.burn_in = 100;
  const auto cell = compute_phase_cell(model, plan, 0);
  CHECK(cell.growth.estimate->value == Approx(std::log((0.01 * 0.01 + 1.6 * 1.6 + 1) / 3)).epsilon(1e-9));
  const Estimate& measured = *cell.lyapunov->estimate;
  CHECK(std::abs(measured.value - std::log(0.5) / 3) < 4.5 * measured.error);
}

TEST_CASE("cells do not depend on threads, order or shards", "[verification][fast]") {
  const auto model = loaded(oracle::three_rows().rows);
  PhasePlan plan = momentum_and_eta(9);
  plan.coarse = 4;
  plan.lyapunov = plan.refine_lyapunov = true;
  plan.replicas = 8;
  plan.steps = 40;
  plan.burn_in = 5;
  const auto cells = compute_phase_diagram(model, plan);
  PhasePlan threads = plan;
  threads.threads = 3;
  CHECK(same(cells, compute_phase_diagram(model, threads)));
  const auto last = cells.rbegin()->first;
  CHECK(phase_record(last, compute_phase_cell(model, plan, last)) == phase_record(last, cells.at(last)));

  PhaseCells joined;
  for (Index number = 0; number < 4; ++number) {
    for (const auto& [cell, value] : compute_phase_diagram(model, plan, {}, {number, 4})) {
      CHECK(joined.emplace(cell, value).second);  // no cell twice
    }
  }
  CHECK(same(cells, joined));
  CHECK(wanted_cells(plan, joined).empty());

  PhaseCells half;
  for (const auto& [cell, value] : cells) {
    if (cell % 3 != 0) half.emplace(cell, value);
  }
  std::size_t computed = 0;
  const auto resumed = compute_phase_diagram(model, plan, half, {}, {}, [&](Index, const PhaseCell&) { ++computed; });
  CHECK(same(cells, resumed));
  CHECK(computed == cells.size() - half.size());
}

TEST_CASE("a plane of batch size and momentum has thresholds of its own in every cell", "[verification][fast]") {
  const auto model = loaded(oracle::three_rows().rows);
  PhasePlan plan;
  plan.rule = "heavy-ball";
  plan.x = make_axis("batch", 1, 3, 3, false);
  plan.y = make_axis("momentum", 0, 0.9, 4, false);
  plan.third = {0.5, 0.8};
  const auto cells = compute_phase_diagram(model, plan);
  const PhaseGrid grid(plan);
  CHECK(grid.lines_along_x());
  for (const auto& [cell, value] : cells) {
    const auto setting = grid.setting(cell);
    REQUIRE(value.threshold);
    CHECK(*value.stable == (setting.eta < value.threshold->eta_mean_square));
  }
  const auto figures = phase_figures(plan, cells);
  REQUIRE(figures.size() == 1);
  int boundary = 0;
  for (const auto& row : figures.front().data.rows()) boundary += std::get<std::string>(row[10]) == "boundary" ? 1 : 0;
  CHECK(boundary > 0);
}

TEST_CASE("a record of a cell reads back to the same bits", "[verification][report][fast]") {
  PhaseCell cell;
  cell.growth.estimate = Estimate{0.1 + 0.2, 1e-300, ErrorKind::residual, "a \"method\"", {"w1", "w2"}};
  cell.stable = false;
  cell.threshold = SettingThreshold{1.0 / 3, 1e-12, 2.0 / 3, "m", ""};
  cell.lyapunov = CellValue{{}, "overflow\nin a line"};
  cell.escape = EscapeSummary{10, 3, 7, {0.1, 0.6}, {}, 4, {}, 0.1, {0.05, 0.2}, 6.1, 0.3};
  const auto text = phase_record(42, cell);
  CHECK(text.find('\n') == std::string::npos);
  const auto [number, read] = read_phase_record(text);
  CHECK(number == 42);
  CHECK(phase_record(number, read) == text);
  CHECK(read.growth.estimate->value == cell.growth.estimate->value);
  CHECK(read.lyapunov->reason == cell.lyapunov->reason);
  CHECK_FALSE(read.measured_growth);
  CHECK_THROWS_AS(read_phase_record("{\"cell\":1"), InvalidInput);
}

TEST_CASE("axes hold what was asked for", "[verification][fast]") {
  CHECK(make_axis("batch", 1, 8, 40, true).values == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(make_axis("eta", 1, 100, 3, true).values[1] == Approx(10));
  CHECK(make_axis("momentum", -0.5, 0.5, 3, false).values[1] == 0);
  CHECK_THROWS_AS(make_axis("eta", 0, 1, 5, false), InvalidInput);
  CHECK_THROWS_AS(make_axis("eta", 2, 1, 5, false), InvalidInput);
  CHECK_THROWS_AS(make_axis("eta", 1, std::nan(""), 5, false), InvalidInput);
  CHECK_THROWS_AS(make_axis("momentum", 0, 1, 5, false), InvalidInput);
  CHECK_THROWS_AS(make_axis("momentum", 0, 0.5, 5, true), InvalidInput);
  CHECK_THROWS_AS(make_axis("batch", 0, 4, 5, false), InvalidInput);
  CHECK_THROWS_AS(make_axis("batch", 3, 3.2, 5, false), InvalidInput);
  CHECK_THROWS_WITH(make_axis("batch", 1, 1e16, 5, true), Catch::Contains("1e+16") && Catch::Contains("1e15"));
  CHECK_THROWS_WITH(make_axis("batch", 0.5, 4, 5, true), Catch::Contains("range = 0.5"));
  CHECK_THROWS_WITH(make_axis("momentum", -2, 0.5, 5, false), Catch::Contains("range = -2"));
  CHECK_THROWS_AS(make_axis("eta", 1, 2, 1, false), InvalidInput);
  CHECK_THROWS_AS(make_axis("beta", 0.1, 0.2, 5, false), InvalidInput);
}

TEST_CASE("plans that cannot be run are refused", "[verification][fast]") {
  const auto model = one_and_two();
  const auto refused = [&](auto change) {
    PhasePlan plan = momentum_and_eta(3);
    change(plan);
    CHECK_THROWS_AS(check_plan(plan, model), InvalidInput);
  };
  refused([](PhasePlan& plan) { plan.third = {3}; });  // n = 2
  refused([](PhasePlan& plan) { plan.third = {}; });
  refused([](PhasePlan& plan) { plan.coarse = 0; });
  refused([](PhasePlan& plan) { plan.y = plan.x; });
  refused([](PhasePlan& plan) { plan.refine_lyapunov = true; });
  refused([](PhasePlan& plan) { plan.rule = "sgd"; });  // has no momentum
  refused([](PhasePlan& plan) { plan.lyapunov = true, plan.replicas = 1; });
  refused([](PhasePlan& plan) { plan.measured_growth = true, plan.steps = 10; });
  refused([](PhasePlan& plan) { plan.escape = true, plan.escape_level = 1; });
}
