// The figures of brink sweep: their data, and that every terminal draws them silently, with every label.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/report/atomic_file.hpp"
#include "brink/report/phase_report.hpp"
#include "cli/gnuplot.hpp"
#include "plots/visible_text.hpp"
#include "report/scratch.hpp"

using namespace brink;
using namespace brink::cli;
using brink::test::visible_text;

namespace {

/// A diagram whose growth is ln η − ln B/4 + β, computed where the plan wants it.
PhaseCells invented_growth(const PhasePlan& plan) {
  PhaseCells cells;
  const PhaseGrid grid(plan);
  for (auto wanted = wanted_cells(plan, cells); !wanted.empty(); wanted = wanted_cells(plan, cells)) {
    for (const Index number : wanted) {
      const auto at = grid.setting(number);
      const double threshold = static_cast<double>(at.batch_size) / 4 * std::exp(-at.momentum);
      PhaseCell cell;
      cell.growth.estimate = Estimate{std::log(at.eta / threshold), 1e-12, ErrorKind::residual, "exact", {}};
      cell.stable = at.eta < threshold;
      if (grid.threshold_cell(number) == number)
        cell.threshold = SettingThreshold{threshold, 1e-12, 2 * (1 + at.momentum), "exact", ""};
      if (plan.lyapunov) cell.lyapunov = CellValue{{}, "a replica overflowed"};
      cells.emplace(number, std::move(cell));
    }
  }
  return cells;
}

PhasePlan plan_of(const GridAxis& x, const GridAxis& y, const std::vector<double>& third) {
  PhasePlan plan;
  plan.rule = "heavy-ball";
  plan.x = x;
  plan.y = y;
  plan.third = third;
  plan.coarse = 8;
  return plan;
}

GridAxis batches() { return make_axis("batch", 1, 16, 20, true); }
GridAxis steps() { return make_axis("eta", 0.02, 6, 33, true); }
GridAxis momenta() { return make_axis("momentum", 0, 0.9, 10, false); }

}  // namespace

TEST_CASE("boxes cover the plane once and curves are exact thresholds", "[fast][report]") {
  const PhasePlan plan = plan_of(batches(), steps(), {0.5});
  const auto figures = phase_figures(plan, invented_growth(plan));
  REQUIRE(figures.size() == 1);
  const auto number = [](const TableValue& value) { return std::get<double>(value); };
  double area = 0;
  std::size_t boundary = 0;
  for (const auto& row : figures[0].data.rows()) {
    const auto& kind = std::get<std::string>(row[10]);
    if (kind == "cell")
      area += std::log(number(row[13]) / number(row[12])) * std::log(number(row[16]) / number(row[15]));
    if (kind != "boundary") continue;
    ++boundary;
    CHECK(number(row[14]) == Approx(number(row[11]) / 4 * std::exp(-0.5)));
  }
  CHECK(boundary == batches().values.size());
  const auto axis = batches().values;
  const std::size_t last = axis.size() - 1;
  const double width = std::log(16.0) + 0.5 * std::log(axis[1] / axis[0]) + 0.5 * std::log(axis[last] / axis[last - 1]);
  CHECK(area == Approx(width * std::log(300.0) * 33 / 32));
}

TEST_CASE("the boundary of a plane of batch size and momentum is interpolated", "[fast][report]") {
  const PhasePlan plan = plan_of(momenta(), batches(), {1.0});
  int boundary = 0;
  const auto figures = phase_figures(plan, invented_growth(plan));
  for (const auto& row : figures[0].data.rows()) {
    if (std::get<std::string>(row[10]) != "boundary") continue;
    ++boundary;
    // ln B = ln 4 + β exactly, linear on the scale of the axis
    CHECK(std::get<double>(row[14]) == Approx(4 * std::exp(std::get<double>(row[11]))));
  }
  CHECK(boundary == 10);
}

TEST_CASE("cells that were not computed show the interpolated growth", "[fast][report]") {
  // ln ρ = ln η − ln η*, linear along the line: interpolation is exact.
  for (const brink::Index cells : {33, 200}) {
    const PhasePlan plan = plan_of(batches(), make_axis("eta", 0.02, 6, cells, true), {0.5});
    const auto figures = phase_figures(plan, invented_growth(plan));
    const double stretch =
        std::ceil(static_cast<double>(cells) / 64) * std::log(300.0) / static_cast<double>(cells - 1);
    std::size_t boxes = 0;
    for (const auto& row : figures[0].data.rows()) {
      if (std::get<std::string>(row[10]) != "cell") continue;
      ++boxes;
      const double exact = std::log(std::get<double>(row[14]) / (std::get<double>(row[11]) / 4 * std::exp(-0.5)));
      CHECK(std::abs(std::get<double>(row[17]) - exact) <= 0.8 * stretch + 0.02);
    }
    CHECK(boxes <= 70 * batches().values.size());
  }
}

TEST_CASE("phase diagrams draw silently on every terminal, with every label", "[plots]") {
  const std::vector<PhasePlan> plans = {
      plan_of(batches(), steps(), {0.0, 0.9}), plan_of(steps(), momenta(), {1, 4, 16}),
      plan_of(momenta(), batches(), {1.0}), plan_of(make_axis("eta", 1, 1.5, 3, false), batches(), {-0.5}),
      plan_of(make_axis("batch", 1, 100000, 9, true), make_axis("eta", 1e-6, 1e5, 9, true), {0.9})};
  for (std::size_t i = 0; i < plans.size(); ++i) {
    CAPTURE(i);
    PhasePlan plan = plans[i];
    plan.lyapunov = i == 0;  // never measured: an empty picture
    const test::Scratch scratch;
    auto run = RunDirectory::create(scratch.path() / "run", "seed = 1\n");
    write_figures(run, phase_figures(plan, invented_growth(plan)));
    DrawingOptions options;
    options.terminals = i == 0 ? figure_terminals() : std::vector<std::string>{"svg"};
    for (const auto& name : figure_names(run)) CHECK_NOTHROW(draw_figure(run, name, options));
    const auto text = visible_text(run.figures() / "phase-diagram.svg");
    CAPTURE(text);
    for (const char* label :
         {"heavyball,withoutreplacement", "growthlnρofthesecondmoment", "mean-squareboundary", "noise-freeedge"})
      CHECK(text.find(label) != std::string::npos);
    if (i == 0) CHECK(text.find("stepsizeη") != std::string::npos);
    if (i == 0) CHECK(text.find("β=0.9") != std::string::npos);
    if (i == 1) CHECK(text.find("momentumβ") != std::string::npos);
    if (i == 3) CHECK(text.find("β=−0.5") != std::string::npos);
  }
}
