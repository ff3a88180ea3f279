#include "analysis/training_runs.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace brink::analysis;

namespace {

/// 25 records whose loss goes from 1 to `loss`, and whose sharpness is 1 but in the last fifth.
Trace trace_with(double loss, double last_fifth) {
  Trace trace;
  trace.columns = {"step", "loss", "gradient_norm", "sharpness"};
  for (int i = 0; i < 25; ++i)
    trace.rows.push_back({static_cast<double>(i), i == 0 ? 1 : loss, 0, i < 20 ? 1 : last_fifth});
  return trace;
}

}  // namespace

TEST_CASE("a plateau has trained, has settled and has records enough", "[fast][study]") {
  CHECK(is_plateau(trace_with(0.1, 1), "sharpness"));
  CHECK(is_plateau(trace_with(0.79, 1.09), "sharpness"));
  CHECK_FALSE(is_plateau(trace_with(0.81, 1), "sharpness"));
  CHECK_FALSE(is_plateau(trace_with(0.1, 1.11), "sharpness"));
  CHECK_FALSE(is_plateau(trace_with(0.1, 0.89), "sharpness"));

  Trace diverged = trace_with(0.1, 1);
  diverged.diverged = true;
  CHECK_FALSE(is_plateau(diverged, "sharpness"));
  Trace brief = trace_with(0.1, 1);
  brief.rows.resize(19);
  CHECK_FALSE(is_plateau(brief, "sharpness"));
}

TEST_CASE("a plateau that is not a number is none", "[fast][study]") {
  CHECK_FALSE(is_plateau(trace_with(0.1, NAN), "sharpness"));
  CHECK_FALSE(is_plateau(trace_with(NAN, 1), "sharpness"));
  Trace zero = trace_with(0.1, 1);
  for (auto& row : zero.rows) row[3] = 0;
  CHECK_FALSE(is_plateau(zero, "sharpness"));
}

TEST_CASE("late means are over the last records, rounded up", "[fast][study]") {
  for (int n = 1; n <= 300; ++n) {
    Trace trace;
    trace.columns = {"step", "loss"};
    for (int i = 1; i <= n; ++i) trace.rows.push_back({0, static_cast<double>(i)});
    const auto last = [&](int count) { return n - 0.5 * (count - 1); };  // of count records that end at n
    CAPTURE(n);
    CHECK(trace.late_mean("loss") == Approx(last((2 * n + 4) / 5)));
    CHECK(trace.late_mean("loss", 0.2) == Approx(last((n + 4) / 5)));
    CHECK(trace.late_mean("loss", 1) == Approx(last(n)));
  }
  Trace diverged = trace_with(0.1, 1);
  diverged.diverged = true;
  CHECK(std::isnan(diverged.late_mean("loss")));
  Trace empty = trace_with(0.1, 1);
  empty.rows.clear();
  CHECK(std::isnan(empty.late_mean("loss")));
  CHECK(std::isnan(trace_with(0.1, NAN).late_mean("sharpness")));
}

TEST_CASE("the largest value is that between two steps, both included", "[fast][study]") {
  Trace trace = trace_with(0.1, 1);
  for (auto& row : trace.rows) row[3] = row[0];
  CHECK(trace.largest("sharpness", 5, 9) == 9);
  CHECK(trace.largest("sharpness", 5, 5) == 5);
  CHECK(trace.largest("sharpness", 20, 1e300) == 24);
  CHECK(std::isnan(trace.largest("sharpness", 5.1, 5.9)));
  for (auto& row : trace.rows) row[3] = -row[0];
  CHECK(trace.largest("sharpness", 5, 9) == -5);
}

TEST_CASE("a trace comes back from its numbers", "[fast][study]") {
  RunSetting setting;
  setting.probes = {"sharpness"};
  const Trace trace = trace_of({1, 0, 0.5, 7, 3, 101, 0.25, 6, 4}, setting);
  CHECK(trace.diverged);
  REQUIRE(trace.rows.size() == 2);
  CHECK(trace.values("loss") == std::vector<double>{0.5, 0.25});
  CHECK(trace.values("sharpness") == std::vector<double>{3, 4});
  const auto points = curve_of(trace, "sharpness", 0.2);
  CHECK(points[1].x == 101);
  CHECK(points[1].y == Approx(0.8));
  CHECK_THROWS(trace.values("nothing"));
  CHECK_FALSE(trace_of({0}, setting).diverged);
  CHECK(trace_of({}, setting).rows.empty());
}
