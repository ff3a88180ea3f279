// Thresholds of other notions of stability in the cells of a phase diagram, and cells shared by several threads.

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "brink/report/phase_report.hpp"
#include "brink/verification/phase_diagram.hpp"
#include "oracle/examples.hpp"
#include "verification/loaded.hpp"

using namespace brink;
using brink::test::loaded;

namespace {

PhasePlan batch_and_eta() {
  PhasePlan plan;
  plan.x = make_axis("batch", 1, 2, 2, false);
  plan.y = make_axis("eta", 1.0, 1.4, 3, false);
  plan.third = {0};
  plan.notions = true;
  plan.replicas = 256;
  plan.steps = 200;
  plan.burn_in = 50;
  return plan;
}

const NotionThreshold& almost_sure(const PhaseCell& cell) { return cell.notions.front(); }
const NotionThreshold& fourth(const PhaseCell& cell) { return cell.notions.back(); }

std::string text_of(const Table& table, std::size_t row, const std::string& column) {
  for (std::size_t i = 0; i < table.columns().size(); ++i) {
    if (table.columns()[i].name != column) continue;
    const auto* value = std::get_if<double>(&table.rows()[row][i]);
    return value == nullptr ? "" : std::to_string(*value);
  }
  return "no such column";
}

}  // namespace

TEST_CASE("every line of a diagram has the thresholds of each notion", "[verification][fast]") {
  // Curvatures 1 and 2 on a line, B = 1: (1 − η)²(1 − 2η)² = 1 at 3/2, and E(1 − ηh)⁴ = 1 at 1.0946.
  const auto model = loaded(RowMatrix{{1.0}, {std::sqrt(2.0)}});
  const PhasePlan plan = batch_and_eta();
  const auto cells = compute_phase_diagram(model, plan);
  const PhaseGrid grid(plan);
  const PhaseCell& first = cells.at(grid.threshold_cell(0));
  REQUIRE(first.notions.size() == 2);
  CHECK(almost_sure(first).eta.estimate->value == Approx(1.5).epsilon(1e-9));
  CHECK(almost_sure(first).all_intervals);
  CHECK(fourth(first).eta.estimate->value == Approx(1.09459760548).epsilon(1e-9));
  CHECK(fourth(first).eta.estimate->value < first.threshold->eta_mean_square);
  // The full batch has no noise: every notion is the edge.
  const PhaseCell& full = cells.at(grid.threshold_cell(1));
  CHECK(almost_sure(full).eta.estimate->value == Approx(4.0 / 3).epsilon(1e-9));
  CHECK(fourth(full).eta.estimate->value == Approx(4.0 / 3).epsilon(1e-9));
  for (const auto& [cell, value] : cells) {
    CHECK(value.notions.empty() == (grid.threshold_cell(cell) != cell));
    CHECK(phase_record(cell, read_phase_record(phase_record(cell, value)).second) == phase_record(cell, value));
  }
  // The table gives them in every computed cell, the figure as curves.
  const Table table = phase_table(plan, cells);
  CHECK(text_of(table, 2, "eta_almost_sure") == "1.500000");
  CHECK(text_of(table, 2, "eta_moment_4") == "1.094598");
  const auto json = nlohmann::json::parse(phase_json(phase_model_json(model), plan, cells));
  CHECK(json["cells"][2]["eta_almost_sure"].get<double>() == Approx(1.5).epsilon(1e-9));
  CHECK(json["cells"][2]["eta_almost_sure_error_kind"] == "residual");
  CHECK(json["cells"][2]["eta_moment_4_intervals"] == 1);
  int points = 0;
  const Table figure = phase_figures(plan, cells).front().data;
  for (const auto& row : figure.rows()) {
    const auto& kind = std::get<std::string>(row[10]);
    points += kind == "almost-sure" || kind == "moment-4" ? 1 : 0;
  }
  CHECK(points == 4);
}

TEST_CASE("almost sure stability comes back, and a cell says so", "[verification][fast]") {
  const auto model = loaded(RowMatrix{{std::sqrt(0.2)}, {std::sqrt(3.8)}});
  const auto cell = compute_phase_cell(model, batch_and_eta(), 0);
  CHECK(almost_sure(cell).eta.estimate->value == Approx(0.559471612102).epsilon(1e-9));
  CHECK(almost_sure(cell).intervals == 2);
}

TEST_CASE("where theory ends the almost sure threshold is measured", "[verification]") {
  // Rows of equal norm, B = 1: each step of every notion is stable up to 2/‖a‖².
  const auto model = loaded(RowMatrix{{1, 0}, {0.6, 0.8}, {0.28, -0.96}});
  const auto cell = compute_phase_cell(model, batch_and_eta(), 0);
  CHECK(cell.threshold->eta_mean_square == Approx(2).epsilon(1e-9));
  REQUIRE(almost_sure(cell).eta.estimate);
  const Estimate& measured = *almost_sure(cell).eta.estimate;
  CHECK(measured.kind == ErrorKind::standard_error);
  CHECK(std::abs(measured.value - 2) < 4.5 * measured.error);
  CHECK(measured.error < 0.05);
  CHECK_FALSE(almost_sure(cell).all_intervals);
  CHECK(fourth(cell).eta.estimate->value == Approx(2).epsilon(1e-6));
}

TEST_CASE("threads left over share the replicas of a cell, with the same bytes", "[verification][fast]") {
  CHECK(threads_of_cell(4, 1) == 4);
  CHECK(threads_of_cell(4, 3) == 1);
  CHECK(threads_of_cell(8, 3) == 2);
  CHECK(threads_of_cell(2, 100) == 1);
  CHECK(threads_of_cell(3, 0) == 3);
  const auto model = loaded(oracle::three_rows().rows);
  PhasePlan plan;
  plan.x = make_axis("batch", 1, 2, 2, false);
  plan.y = make_axis("eta", 0.5, 0.7, 2, false);
  plan.third = {0};
  plan.coarse = 1;
  plan.measured_growth = plan.lyapunov = plan.escape = true;
  plan.replicas = 300;
  plan.steps = 80;
  plan.burn_in = 10;
  std::vector<std::string> records;
  for (const auto& [cell, value] : compute_phase_diagram(model, plan)) records.push_back(phase_record(cell, value));
  plan.threads = 9;  // more than twice as many as cells
  std::vector<std::string> shared;
  for (const auto& [cell, value] : compute_phase_diagram(model, plan)) shared.push_back(phase_record(cell, value));
  CHECK(shared == records);
}
