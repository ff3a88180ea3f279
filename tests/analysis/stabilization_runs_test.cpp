// Runs of self-stabilization made of known numbers: how they are kept, how long they last, how they are judged.

#include "analysis/stabilization_runs.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <span>

#include "analysis/stabilization_periods.hpp"
#include "brink/edge/caricature.hpp"

using namespace brink;
using namespace brink::analysis;

namespace {

constexpr double kCritical = 20;

/// The numbers of a run with these sharpnesses.
std::vector<double> run_with(const std::vector<double>& sharpness,
                             SelfStabilizationStatus status = SelfStabilizationStatus::steps_done) {
  std::vector<double> numbers(RunNumbers::kHead, 0.0);
  numbers[RunNumbers::kStatus] = static_cast<double>(status);
  for (const double s : sharpness) {
    std::vector<double> row(RunNumbers::kTrace, 0.0);
    row[RunNumbers::tSharpness] = s;
    numbers.insert(numbers.end(), row.begin(), row.end());
  }
  return numbers;
}

/// S* − sin of the period from −¼ on, and an oscillation of period 2 on top.
std::vector<double> oscillation(int steps, double period, double flip) {
  std::vector<double> sharpness;
  for (int t = 0; t < steps; ++t)
    sharpness.push_back(kCritical + std::sin(2 * std::numbers::pi * (t / period - 0.25)) + (t % 2 == 0 ? flip : -flip));
  return sharpness;
}

RunNumbers as_run(const std::vector<double>& numbers) { return std::span<const double>(numbers); }

double period_of(const std::vector<double>& sharpness) {
  return measured_period(as_run(run_with(sharpness)), kCritical);
}

SelfStabilization record_with(int steps, double epsilon) {
  SelfStabilization record;
  for (int t = 0; t < steps; ++t) {
    SelfStabilizationStep step;
    step.step = t;
    step.epsilon = epsilon;
    step.alpha = 0.5;
    step.beta = 1.5;
    step.delta = std::sqrt(2 * 0.5 / 1.5);
    step.x = step.delta;
    step.loss = 10 + t;
    step.sharpness = 20 + t;
    step.flow_distance = 30 + t;
    record.steps.push_back(step);
  }
  return record;
}

}  // namespace

TEST_CASE("the period is the time between upward crossings of the mean of two steps", "[study][fast]") {
  for (const double flip : {0.0, 3.0}) {  // which alone crosses at every step
    CHECK(period_of(oscillation(400, 50, flip)) == Approx(50));
  }
  CHECK(period_of(oscillation(1000, 46.5, 3)) == Approx(46.5).margin(0.06));
  // Crossings at 13 and 63: one period, and one step too few for it.
  CHECK(period_of(oscillation(64, 50, 0)) == Approx(50));
  CHECK(std::isnan(period_of(oscillation(63, 50, 0))));
}

TEST_CASE("a run without two crossings has no period", "[study][fast]") {
  CHECK(std::isnan(period_of(std::vector<double>(100, kCritical))));
  CHECK(std::isnan(period_of(std::vector<double>(100, 19))));
  CHECK(std::isnan(period_of(std::vector<double>(100, NAN))));
  std::vector<double> down(100, 19.0);
  down[0] = down[1] = 30;
  CHECK(std::isnan(period_of(down)));
  CHECK(std::isnan(measured_period(as_run(numbers_of({}, {})), kCritical)));  // never at the edge
  // Crossings at most 10 steps after one that counts are part of it.
  std::vector<double> fast;
  for (int t = 0; t < 60; ++t) fast.push_back(t % 6 < 3 ? 19 : 21);
  CHECK(period_of(fast) == Approx(12));
}

TEST_CASE("a run lasts as many periods as its time over that of small orbits", "[study][fast]") {
  const Caricature problem{{0.001, 0}, 0.5, 1.5};
  const double period = orbit_period(problem, 0.5 + 1e-9);
  const double epsilon = problem.epsilon();
  const int steps = 1000;
  CHECK(periods_of(record_with(steps, epsilon)) == Approx(steps / period).epsilon(1e-6));
  CHECK(periods_of({}) == 0);
}

TEST_CASE("short runs count only where they left their prediction", "[study][fast]") {
  using enum SelfStabilizationStatus;
  const std::vector<double> sharpness(5, kCritical);
  for (const auto status : {steps_done, second_direction, no_sharpening, left_constraint}) {
    CHECK(long_enough(3, as_run(run_with(sharpness, status))));
    CHECK_FALSE(long_enough(2.99, as_run(run_with(sharpness, status))));
    CHECK_FALSE(long_enough(NAN, as_run(run_with(sharpness, status))));
  }
  for (const auto status : {diverged, prediction_diverged})
    CHECK(long_enough(0.1, as_run(run_with(sharpness, status))));
  CHECK_FALSE(long_enough(NAN, as_run(numbers_of({}, {}))));
}

TEST_CASE("the numbers of a run are where their names say", "[study][fast]") {
  SelfStabilizationPlan plan;
  plan.rule = {0.1, 0};
  StabilizationRun run{77, record_with(3, 0.05)};
  run.record.status = SelfStabilizationStatus::second_direction;
  run.record.assumptions.step_size = 0.25;
  const auto numbers = numbers_of(run, plan);
  const RunNumbers read = as_run(numbers);
  CHECK(read.arrived());
  CHECK(read.steps() == 3);
  CHECK(read.status() == SelfStabilizationStatus::second_direction);
  CHECK(read[RunNumbers::kArrival] == 77);
  CHECK(read[RunNumbers::kX2] == Approx(1));
  CHECK(read[RunNumbers::kExcess] == Approx(1));  // 20, 21, 22 against S* = 20
  CHECK(read[RunNumbers::kLoss] == Approx(11));
  CHECK(read[RunNumbers::kEpsilon] == 0.25);
  CHECK(read.at(2, RunNumbers::tLoss) == 12);
  CHECK(read.at(1, RunNumbers::tSharpness) == 21);
  CHECK(read.at(1, RunNumbers::tFlowDistance) == 31);
  // The orbit from 0.3 δ of the caricature with these coefficients.
  const Caricature problem{plan.rule, 0.5 / std::sqrt(1.5), std::sqrt(1.5)};
  CHECK(read[RunNumbers::kPredictedPeriod] ==
        Approx(orbit_period(problem, conserved(problem, {0.3 * problem.delta(), 0}))));
  CHECK(stabilization_cells(read).size() == stabilization_columns().size());

  const auto none = numbers_of({}, plan);
  CHECK_FALSE(as_run(none).arrived());
  CHECK(std::isnan(as_run(none)[RunNumbers::kX2]));
}

TEST_CASE("the drawn sharpness is free of what changes its sign at every step", "[study][fast]") {
  const auto numbers = run_with(oscillation(100, 50, 3));
  const auto panels = stabilization_panels(as_run(numbers), kCritical);
  const auto& drawn = panels[1].curves[0].points;
  REQUIRE(drawn.size() == 99);
  const auto smooth = oscillation(100, 50, 0);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    CHECK(drawn[i].x == static_cast<double>(i + 1));
    CHECK(drawn[i].y == Approx(0.5 * (smooth[i] + smooth[i + 1])));
  }
}

TEST_CASE("runs are judged by their averages, and those that do not count are excluded", "[study][fast]") {
  using enum RunNumbers::Head;
  const auto measured = [](double change) {
    auto numbers = run_with({kCritical});
    numbers[kX2] = 1 + change;
    numbers[kExcess] = 0.01 + change;
    numbers[kPlain] = 0.4;
    numbers[kGeneralized] = 0.1;
    numbers[kLoss] = 2.04 + change;
    numbers[kPredictedLoss] = 2 + change;
    numbers[kFinal] = 1;
    numbers[kFinalFlow] = 4;
    return numbers;
  };
  const std::vector<std::vector<double>> units = {measured(0), measured(0.001), measured(50)};
  const std::vector<RunNumbers> runs = {as_run(units[0]), as_run(units[1]), as_run(units[2])};
  std::vector<Finding> findings;
  judge_stabilization({"D2", "", 0.05, false}, runs, {true, true, false}, findings);
  REQUIRE(findings.size() == 8);
  for (const Finding& finding : findings) {
    CAPTURE(finding.quantity);
    CHECK(finding.measured.seeds == 2);
    CHECK(finding.measured.excluded == 1);
    CHECK(finding.decision == Decision::supported);
    CHECK(finding.published.empty());
  }
  CHECK(findings[4].measured.mean == Approx(0.25));  // generalized over plain
  CHECK(findings[5].measured.mean == Approx(1.02).epsilon(1e-3));
  CHECK(findings[6].measured.mean == Approx(0.25));  // constrained over gradient flow

  findings.clear();
  judge_stabilization({"D2", "", 0.001, true}, runs, {true, true, false}, findings);
  CHECK(findings[1].decision != Decision::supported);  // the margin is the claim's
  CHECK_FALSE(findings[0].published.empty());
}
