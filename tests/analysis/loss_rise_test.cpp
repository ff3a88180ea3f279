#include "analysis/loss_rise.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace brink;
using namespace brink::analysis;

namespace {

constexpr Index kChange = 100;

/// A record every 5 steps to `end`: loss 8 to step 50, 2 up to the change, then 1 but 6 at `peak`.
Trace change_trace(Index end, Index peak) {
  Trace trace;
  trace.columns = {"step", "loss"};
  for (Index t = 0; t <= end; t += 5)
    trace.rows.push_back({static_cast<double>(t), t == peak ? 6.0 : t <= 50 ? 8.0 : t <= kChange ? 2.0 : 1.0});
  return trace;
}

}  // namespace

TEST_CASE("the rise is the largest loss after a change over the mean of the fifty steps before", "[study][fast]") {
  CHECK(loss_rise(change_trace(300, 150), kChange) == Approx(3));
  CHECK(loss_rise(change_trace(300, 300), kChange) == Approx(3));
  CHECK(loss_rise(change_trace(300, 105), kChange) == Approx(3));  // the first record after
  CHECK(loss_rise(change_trace(300, 1000), kChange) == Approx(0.5));
  // The record at the change precedes it: (9·2 + 6)/10 before, 1 after.
  CHECK(loss_rise(change_trace(300, kChange), kChange) == Approx(1 / 2.4));
  CHECK(loss_rise(change_trace(300, 50), kChange) == Approx(0.5));  // 50 steps before are too many
  CHECK(loss_rise(change_trace(300, 55), kChange) == Approx(1 / 2.4));
}

TEST_CASE("a run that diverges after the change rose without limit, before it says nothing", "[study][fast]") {
  for (const Index end : {kChange, Index{120}, Index{300}}) {
    Trace trace = change_trace(end, 1000);
    trace.diverged = true;
    CHECK(loss_rise(trace, kChange) == INFINITY);
  }
  Trace early = change_trace(95, 1000);
  CHECK(std::isnan(loss_rise(early, kChange)));
  early.diverged = true;
  CHECK(std::isnan(loss_rise(early, kChange)));
  CHECK(std::isnan(loss_rise({}, kChange)));
  CHECK(std::isnan(loss_rise(change_trace(kChange, 1000), kChange)));  // stopped there: nothing after
}

TEST_CASE("rises are judged by their logarithms, and those without limit as a thousand", "[study][fast]") {
  CHECK(log_rise(1) == 0);
  CHECK(log_rise(0.5) == Approx(-std::log(2.0)));
  CHECK(log_rise(5000) == Approx(std::log(5000.0)));  // no cap where the rise is known
  CHECK(log_rise(INFINITY) == Approx(std::log(1000.0)));
  CHECK(std::isnan(log_rise(NAN)));
}
