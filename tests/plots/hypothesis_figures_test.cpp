// The forest plot of hypotheses.

#include <catch2/catch.hpp>

#include "brink/report/atomic_file.hpp"
#include "brink/report/hypothesis_report.hpp"
#include "cli/gnuplot.hpp"
#include "report/scratch.hpp"

using namespace brink;
using namespace brink::cli;

namespace {

Judgement judgement(const std::string& name, double lower, double upper, double value, Decision decision) {
  Judgement result;
  result.name = name;
  result.decision = decision;
  ContrastResult contrast;
  contrast.lower = lower;
  contrast.upper = upper;
  contrast.mean = {value, 0.1, 5};
  contrast.interval = {value - 0.2, value + 0.2};
  result.contrasts.push_back(contrast);
  return result;
}

HypothesisReport invented_judgements() {
  HypothesisReport report;
  report.judgements = {judgement("within_margin", 1, 3, 2.5, Decision::supported),
                       judgement("above", 2, INFINITY, 6, Decision::supported),
                       judgement("below", -INFINITY, -2, 1, Decision::refuted),
                       judgement("from-nothing", 0, INFINITY, 4, Decision::cannot_tell)};
  report.judgements.push_back({});  // nothing could be formed
  return report;
}

double number(const TableValue& value) { return std::get<double>(value); }

}  // namespace

TEST_CASE("effects are drawn in units of what was promised", "[fast][report]") {
  const auto figures = hypothesis_figures(invented_judgements());
  REQUIRE(figures.size() == 1);
  const auto& rows = figures[0].data.rows();
  REQUIRE(rows.size() == 4);
  CHECK(number(rows[0][2]) == Approx(0.5));
  CHECK(number(rows[0][3]) == Approx(0.3));
  CHECK(number(rows[0][4]) == Approx(0.7));
  CHECK(number(rows[1][2]) == Approx(1));     // the limit 2 is at −1, 4 at 0, 6 at 1
  CHECK(number(rows[2][2]) == Approx(-2.5));  // the limit −2 is at −1 and 1 lies on the wrong side of it
  CHECK(number(rows[2][3]) < number(rows[2][4]));
  CHECK(number(rows[3][2]) == Approx(0));
  CHECK(std::get<std::int64_t>(rows[2][5]) == 1);
  CHECK(hypothesis_figures(HypothesisReport{}).empty());
}

TEST_CASE("the forest plot is drawn on every terminal without a complaint", "[plots]") {
  if (!has_gnuplot()) return;
  const test::Scratch scratch;
  RunDirectory run = RunDirectory::create(scratch.path() / "run", "[model]\n");
  write_figures(run, hypothesis_figures(invented_judgements()));
  CHECK_NOTHROW(draw_figure(run, "forest", {figure_terminals(), kOneColumn}));
  const std::string svg = read_file(run.figures() / "forest.svg");
  CHECK(svg.find("within-margin") != std::string::npos);
}
