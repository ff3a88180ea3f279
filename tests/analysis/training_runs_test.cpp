#include "analysis/training_runs.hpp"

#include <catch2/catch.hpp>

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
