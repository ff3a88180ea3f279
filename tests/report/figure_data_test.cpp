#include "brink/report/figure_data.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <map>

#include "report/examples.hpp"

using brink::CellResult;
using brink::FigureData;
using brink::TableValue;
using brink::test::example_cell;

namespace {

double number(const FigureData& figure, std::size_t row, const std::string& name) {
  const auto& columns = figure.data.columns();
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (columns[j].name != name) continue;
    const TableValue& value = figure.data.rows().at(row).at(j);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&value)) return *real;
    return -1;  // missing
  }
  FAIL("no column " << name);
  return 0;
}

CellResult theory(double momentum, brink::Index batch_size, double eta, const std::string& rule = "heavy-ball") {
  CellResult result;
  result.cell = example_cell(momentum, batch_size, rule);
  result.eta_mean_square = eta;
  result.eta_deterministic = 1.7;
  result.batch_sharpness_times_eta = 1.2;
  return result;
}

}  // namespace

TEST_CASE("theory without measurement joins the curve and the report wins", "[report][fast]") {
  const auto model = brink::test::example_model();
  const auto figures = verification_figures(model.model, brink::test::example_verification(),
                                            {theory(0.5, 2, 0.9), theory(0.5, 1, 77), theory(0, 1, 0.6)});
  REQUIRE(figures.size() == 2);
  const auto& thresholds = figures[0];
  CHECK(thresholds.name == "thresholds");
  CHECK(thresholds.script == "thresholds");
  REQUIRE(thresholds.data.rows().size() == 4);
  const std::vector<std::vector<double>> expected = {
      {0, 0, 1, 0.6}, {1, 0.5, 1, 0.5}, {1, 0.5, 2, 0.9}, {1, 0.5, 3, 1.7}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(number(thresholds, i, "series") == expected[i][0]);
    CHECK(number(thresholds, i, "momentum") == expected[i][1]);
    CHECK(number(thresholds, i, "batch") == expected[i][2]);
    CHECK(number(thresholds, i, "theory") == expected[i][3]);
    CHECK(number(thresholds, i, "measured") == (i == 1 ? 0.51 : -1));
    CHECK(number(thresholds, i, "measured_lower") == (i == 1 ? 0.49 : -1));
  }
}

TEST_CASE("plateaus run between the edge and the level of noise", "[report][fast]") {
  const auto model = brink::test::example_model();
  const auto figures = verification_figures(model.model, brink::test::example_verification());
  const auto& plateaus = figures.at(1);
  CHECK(plateaus.name == "plateaus");
  CHECK(number(plateaus, 0, "batch_sharpness_times_eta") == 1.4);
  CHECK(number(plateaus, 0, "full_batch_level") == Approx(1.7 * model.model.lambda_max()).epsilon(1e-14));
  CHECK(number(plateaus, 0, "noise_level") == Approx(1.0).epsilon(1e-14));
  CHECK(number(plateaus, 1, "batch_sharpness_times_eta") == number(plateaus, 1, "full_batch_level"));
}

TEST_CASE("the level of noise is 2 eta over the effective step size for every rule", "[report][fast]") {
  const std::map<std::string, double> levels = {
      {"heavy-ball", 2 * (1 - 0.9)}, {"nesterov", 2 * (1 - 0.9)}, {"ema", 2}, {"qhm", 2}, {"dampened", 2 * (1 - 0.9)}};
  const auto model = brink::test::example_model();
  for (const auto& [rule, level] : levels) {
    CAPTURE(rule);
    const auto figures = verification_figures(model.model, {}, {theory(0.9, 1, 0.5, rule)});
    CHECK(number(figures.at(1), 0, "noise_level") == Approx(level).epsilon(1e-12));
  }
}

TEST_CASE("every pair of rule and sampling has a figure of its own", "[report][fast]") {
  const auto model = brink::test::example_model();
  const auto figures = verification_figures(model.model, {}, {theory(0.5, 1, 0.5), theory(0.5, 1, 0.5, "nesterov")});
  REQUIRE(figures.size() == 4);
  CHECK(figures[0].name == "thresholds-heavy-ball-without-replacement");
  CHECK(figures[3].name == "plateaus-nesterov-without-replacement");
}

TEST_CASE("figures leave out what is not a positive finite number", "[report][fast]") {
  const auto model = brink::test::example_population();
  CellResult cell = theory(0.5, 1, 0);
  cell.cell.sampling = "gaussian";
  cell.eta_deterministic = std::numeric_limits<double>::infinity();
  cell.batch_sharpness_times_eta.reset();
  cell.measured_eta = std::numeric_limits<double>::quiet_NaN();
  const auto figures = verification_figures(model.model, {}, {cell});
  REQUIRE(figures.size() == 1);
  for (const char* name : {"theory", "edge", "measured", "measured_lower"}) CHECK(number(figures[0], 0, name) == -1);
  CHECK(verification_figures(model.model, {}).empty());
}
