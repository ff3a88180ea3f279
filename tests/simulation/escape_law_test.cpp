// The law of escape times where escape has no memory: geometric, to the last digit.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/simulation/escape_times.hpp"
#include "setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

constexpr double kRate = 1.0 / 20;

/// Twenty samples on a line: at η = 1 one of them multiplies x by −10, the others by 1 or −1.
LinearizedModel memoryless() {
  RowMatrix rows(20, 1);
  for (Index k = 0; k < 19; ++k) rows(k, 0) = k % 2 == 0 ? 0 : std::sqrt(2.0);
  rows(19, 0) = std::sqrt(11.0);
  return LinearizedModel::from_rows(rows, 1, 2.3e-16);
}

/// The loss grows hundredfold when the one sample is drawn and never otherwise.
std::vector<Index> first_passages(Index replicas, Index horizon, std::uint64_t seed) {
  const auto model = memoryless();
  const auto engine = make_linear_engine(model, dynamics(oracle::sgd(), "without-replacement", 1, 1, seed));
  return escape_times(*engine, model.spectrum(), {replicas, horizon, 50, 1});
}

}  // namespace

TEST_CASE("without memory the survival curve is exactly geometric", "[simulation][fast]") {
  constexpr Index horizon = 60;  // 0.95^60 = 4.6% are censored
  const Survival survival = escape_survival(first_passages(20000, horizon, 3), horizon);
  REQUIRE(survival.curve.size() == static_cast<std::size_t>(horizon));
  CHECK(survival.ended < survival.lives);
  double largest = 0;
  for (const SurvivalPoint& point : survival.curve) {
    const double exact = std::pow(1 - kRate, static_cast<double>(point.time));
    const double error = std::sqrt(exact * (1 - exact) / static_cast<double>(survival.lives));
    largest = std::max(largest, std::abs(point.survival - exact) / error);
    CHECK(point.standard_error == Approx(error).epsilon(0.1));
    // The rate of one step does not depend on the step.
    const auto at_risk = static_cast<double>(point.at_risk);
    const double spread = std::sqrt(at_risk * kRate * (1 - kRate));
    CHECK(std::abs(static_cast<double>(point.ended) - at_risk * kRate) < 4.5 * spread);
  }
  CHECK(largest < 4.5);
  const double rate_error = std::sqrt(kRate * (1 - kRate) / static_cast<double>(survival.exposure));
  CHECK(std::abs(survival.hazard - kRate) < 4.5 * rate_error);
}

TEST_CASE("the mean up to the horizon is that of the geometric law", "[simulation][fast]") {
  constexpr Index horizon = 10;  // before the median, 14 steps: most replicas are censored
  const EscapeSummary summary = summarize_escape(first_passages(20000, horizon, 4), horizon);
  CHECK_FALSE(summary.median);
  const double exact = (1 - std::pow(1 - kRate, static_cast<double>(horizon))) / kRate;
  double square = 0;  // E min(T, h)² = Σ_{t<h} (2t + 1) P(T > t)
  for (Index t = 0; t < horizon; ++t) square += static_cast<double>(2 * t + 1) * std::pow(1 - kRate, t);
  CHECK(summary.mean_error == Approx(std::sqrt((square - exact * exact) / 20000)).epsilon(0.05));
  CHECK(std::abs(summary.mean - exact) < 4.5 * summary.mean_error);
  const EscapeSummary longer = summarize_escape(first_passages(20000, 60, 4), 60);
  REQUIRE(longer.median);
  CHECK(*longer.median_lower <= 14);  // 0.95^13 = 0.513, 0.95^14 = 0.488
  CHECK(*longer.median_upper >= 14);
}

TEST_CASE("intervals of the escape rate hold the exact one as often as they say", "[simulation][fast]") {
  constexpr int runs = 200;
  int covered = 0;
  int at_ten = 0;
  for (int run = 0; run < runs; ++run) {
    constexpr Index horizon = 30;
    const Survival survival =
        escape_survival(first_passages(100, horizon, 1000 + static_cast<std::uint64_t>(run)), horizon);
    covered += survival.hazard_interval.lower <= kRate && kRate <= survival.hazard_interval.upper;
    Interval at{1, 1};
    for (const SurvivalPoint& point : survival.curve) {
      if (point.time <= 10) at = point.interval;
    }
    const double exact = std::pow(1 - kRate, 10);
    at_ten += at.lower <= exact && exact <= at.upper;
  }
  CHECK(covered >= 180);  // of 200 at 95%: fewer with probability 1e-3
  CHECK(at_ten >= 180);
}
