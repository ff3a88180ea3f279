// The figures of brink moments: their data, and that every terminal draws them silently, with every label.

#include <catch2/catch.hpp>
#include <limits>

#include "brink/report/atomic_file.hpp"
#include "brink/report/moments_report.hpp"
#include "cli/gnuplot.hpp"
#include "plots/visible_text.hpp"
#include "report/examples.hpp"
#include "report/scratch.hpp"

using brink::Estimate;
using brink::MomentStudy;
using brink::StableSteps;
using brink::test::example_cell;
using brink::test::visible_text;
using namespace brink::cli;

namespace {

StableSteps stable_below(double eta, bool measured) {
  StableSteps steps;
  steps.intervals.push_back({0, 0, eta, measured ? 0.02 * eta : 1e-12, false});
  if (measured) steps.error_kind = brink::ErrorKind::standard_error;
  return steps;
}

MomentStudy study(brink::Index batch_size) {
  MomentStudy result;
  result.cell = example_cell(0.9, batch_size);
  const auto b = static_cast<double>(batch_size);
  StableSteps almost_surely = stable_below(0.3 * b, true);
  almost_surely.intervals.push_back({0.6 * b, 0.01, 0.7 * b, 0.01, true});
  result.notions = {{"mean", {}, stable_below(2, false), {}},
                    {"mean-square", 2.0, stable_below(0.1 * b, false), {}},
                    {"almost-sure", 0.0, almost_surely, {}},
                    {"moment", 4.0, {}, "not found"}};
  for (int i = 1; i <= 10; ++i) {
    const double eta = 0.08 * b * i;
    result.curve.push_back({eta, {}, {}, {}});
    result.curve.back().moments = {
        {0, Estimate{eta / b - 0.3, 0.02, brink::ErrorKind::standard_error, "lyapunov", {}}, {}},
        {2, Estimate{4 * (eta / b - 0.1), 1e-12, brink::ErrorKind::residual, "exact", {}}, {}},
        {4, i == 3 ? std::optional<Estimate>() : Estimate{9 * eta / b, 0.1, brink::ErrorKind::standard_error, "", {}},
         "no"}};
  }
  result.curve[0].moments[0].log_growth->value = -std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace

TEST_CASE("growth is divided by its moment, and zeros stand on the axis", "[fast][report]") {
  const auto figures = brink::moment_figures({study(4)});
  REQUIRE(figures.size() == 2);
  CHECK(figures[0].name == "moments");
  CHECK(figures[1].name == "notions");
  const std::string csv = to_csv(figures[0].data);
  // Λ(2)/2 at the first step size: 2·(0.08 − 0.1).
  CHECK(csv.find("1,heavy-ball,without-replacement,0.9,4,2,0.32,-0.04") != std::string::npos);
  // Zeros: 0.4 of the mean square; of the Lyapunov exponent the lower end of the island too, not the end of the search.
  int zeros = 0;
  for (const auto& row : figures[0].data.rows())
    if (const auto* zero = std::get_if<double>(&row[10])) {
      ++zeros;
      CHECK((*zero == 0.4 || *zero == 1.2 || *zero == 2.4));
    }
  CHECK(zeros == 3);
  CHECK(csv.find("inf") == std::string::npos);
}

TEST_CASE("moments and notions draw on every terminal, with their labels", "[plots]") {
  const brink::test::Scratch scratch;
  auto run = brink::RunDirectory::create(scratch.path() / "run", "seed = 1\n");
  write_figures(run, brink::moment_figures({study(1), study(4)}));
  DrawingOptions options;
  options.terminals = figure_terminals();
  const std::string growth = "moments-heavy-ball-0.9-without-replacement-4";
  for (const std::string& name : {growth, std::string("notions")}) CHECK(draw_figure(run, name, options).size() == 8);
  const auto curves = visible_text(run.figures() / (growth + ".svg"));
  for (const char* label : {"q→0", "q=2", "q=4", "zero", "95%band", "B=4", "β=0.9", "growthperstep", "stepsizeη"}) {
    CAPTURE(label, curves);
    CHECK(curves.find(label) != std::string::npos);
  }
  const auto notions = visible_text(run.figures() / "notions.svg");
  for (const char* label : {"mean", "meansquare", "almostsure", "q=4", "stableagain", "batchsizeB"}) {
    CAPTURE(label, notions);
    CHECK(notions.find(label) != std::string::npos);
  }
}
