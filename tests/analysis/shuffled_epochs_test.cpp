#include "analysis/shuffled_epochs.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace brink;
using namespace brink::analysis;

namespace {

/// Rows of shuffled_epochs() with exact powers: step, modified, plain, single, leading, integration.
std::vector<double> epochs_with(double modified, double plain, double single, double leading, double integration) {
  std::vector<double> values;
  for (int j = 0; j < 7; ++j) {
    const double step = 0.1 * std::pow(10.0, -j / 4.0);
    for (const double value : {step, 0.3 * std::pow(step, modified), 7 * std::pow(step, plain),
                               2 * std::pow(step, single), leading + step, integration * step})
      values.push_back(value);
  }
  return values;
}

StudyReport report_of(const std::vector<std::vector<double>>& units) {
  StudyReport report;
  CHECK(report_shuffles(units, report).curves.size() == 3);
  return report;
}

}  // namespace

TEST_CASE("the slopes of shuffled epochs are those of their distances", "[study][fast]") {
  const StudyReport report =
      report_of({epochs_with(3, 2, 2, 1, 1e-6), epochs_with(3.1, 2, 1.9, 1, 1e-6), epochs_with(2.9, 2, 2, 1, 1e-6)});
  const auto& findings = report.findings;
  REQUIRE(findings.size() == 5);
  CHECK(findings[0].measured.mean == Approx(3));
  CHECK(findings[1].measured.mean == Approx(2));
  CHECK(findings[2].measured.mean == Approx(5.9 / 3));
  CHECK(findings[3].measured.mean == Approx(1 + 0.1 * std::pow(10.0, -1.5)));  // at the smallest step
  CHECK(findings[4].measured.mean == Approx(1e-7));                            // the largest anywhere
  CHECK(findings[1].measured.seeds == 3);
  for (const Finding& finding : findings) CHECK(finding.decision != Decision::refuted);
}

TEST_CASE("a modified flow that is of second order only is refuted", "[study][fast]") {
  const auto unit = epochs_with(2, 2, 2, 0.5, 1);
  const StudyReport report = report_of({unit, unit});
  CHECK(report.findings[0].decision == Decision::refuted);
  CHECK(report.findings[1].decision == Decision::supported);
  CHECK(report.findings[3].decision == Decision::refuted);
  CHECK(report.findings[4].decision == Decision::refuted);
}

TEST_CASE("one epoch of shuffled batches has the order and the leading term of its expansion", "[study][fast]") {
  const auto unit = shuffled_epochs(3);
  const StudyReport report = report_of({unit, unit});
  for (const Finding& finding : report.findings) CHECK(finding.decision == Decision::supported);
}
