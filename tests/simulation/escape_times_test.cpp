// First passage of the loss against the exact law of one parameter.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "brink/base/error.hpp"
#include "brink/simulation/escape_times.hpp"
#include "setting.hpp"

using brink::EscapeOptions;
using brink::Index;
using namespace simulation_test;

namespace {

const oracle::Rule kSgd{"sgd", {}};

/// P(first passage = t), t = 1…horizon, for SGD with batch size 1 on two curvatures a, b: after t steps, k of them with
/// b, ln L_t/L_0 = 2k ln|1 − ηb| + 2(t − k) ln|1 − ηa|. Recursion over k; what has passed is taken out.
std::vector<double> exact_passage(double a, double b, double eta, double level, Index horizon) {
  const double slow = 2 * std::log(std::abs(1 - eta * a));
  const double fast = 2 * std::log(std::abs(1 - eta * b));
  std::map<Index, double> alive = {{0, 1.0}};
  std::vector<double> passage(static_cast<std::size_t>(horizon) + 1, 0.0);
  for (Index t = 1; t <= horizon; ++t) {
    std::map<Index, double> next;
    for (const auto& [k, probability] : alive) {
      next[k] += probability / 2;
      next[k + 1] += probability / 2;
    }
    alive.clear();
    for (const auto& [k, probability] : next) {
      const double log_ratio = static_cast<double>(k) * fast + static_cast<double>(t - k) * slow;
      if (log_ratio >= std::log(level)) {
        passage[static_cast<std::size_t>(t)] += probability;
      } else {
        alive[k] = probability;
      }
    }
  }
  return passage;
}

std::vector<Index> times_of(const brink::LinearizedModel& model, const oracle::Rule& rule, double eta,
                            const EscapeOptions& options) {
  const auto setting = dynamics(rule, "without-replacement", 1, eta, 11);
  const auto engine = brink::make_linear_engine(model, setting);
  return brink::escape_times(*engine, model.spectrum(), options);
}

}  // namespace

TEST_CASE("escape times of one parameter have their exact law", "[simulation][fast]") {
  // Above the mean-square threshold 6/5, below the almost-sure one 3/2: most replicas decay, some escape first.
  const double eta = 1.3;
  EscapeOptions options{20000, 60, 3, 1};
  const auto model = one_and_two();
  const auto times = times_of(model, kSgd, eta, options);
  const auto exact = exact_passage(1, 2, eta, options.level, options.horizon);
  const auto count = static_cast<double>(options.replicas);
  double below = 0;
  for (const Index t : {1, 2, 3, 5, 10, 30, 60}) {
    below = 0;
    for (Index s = 1; s <= t; ++s) below += exact[static_cast<std::size_t>(s)];
    const auto seen = static_cast<double>(
        std::count_if(times.begin(), times.end(), [t](Index time) { return time >= 1 && time <= t; }));
    CAPTURE(t, seen / count, below);
    if (below == 0) {
      CHECK(seen == 0);
    } else {
      CHECK(std::abs(seen - count * below) < 4.5 * std::sqrt(count * below * (1 - below)));
    }
  }
  const auto summary = brink::summarize_escape(times, options.horizon);
  CHECK(summary.fraction.lower < below);
  CHECK(summary.fraction.upper > below);
  CHECK_FALSE(summary.median);  // fewer than half escape
  CHECK(summary.replicas == options.replicas);
}

TEST_CASE("without noise every replica escapes at the step that the growth says", "[simulation][fast]") {
  brink::RowMatrix rows(2, 1);
  rows << 1, 1;
  const auto model = brink::LinearizedModel::from_rows(rows, 1, 2.3e-16);
  const double eta = 2.01;  // ‖1 − ηλ‖ = 1.01
  const EscapeOptions options{40, 1000, 100, 1};
  const auto exact = static_cast<Index>(std::ceil(std::log(100.0) / (2 * std::log(1.01))));
  for (const Index time : times_of(model, kSgd, eta, options)) CHECK(time == exact);
  const EscapeOptions shorter{40, exact - 1, 100, 1};
  for (const Index time : times_of(model, kSgd, eta, shorter)) CHECK(time == 0);
}

TEST_CASE("a replica that fell far below the smallest number still escapes", "[simulation][fast]") {
  // A step multiplies x by 1 − η = 1e-300 or by 1 − 1e30 η = −1e30 with equal probability: x of most replicas is far
  // below the smallest double after a few steps and must come back after enough of the others.
  const double small = 1e-40;
  brink::RowMatrix rows(2, 1);
  rows << std::sqrt(1 - small), std::sqrt(1 + 1e30);
  const auto model = brink::LinearizedModel::from_rows(rows, 1, 2.3e-16);
  const EscapeOptions options{64, 400, 10, 1};
  const auto times = times_of(model, kSgd, 1 - 1e-10, options);
  // ln x drifts by ½(ln 1e30 − ln 1e10) > 0 a step, from as low as 1e-200: nobody stays.
  CHECK(std::count(times.begin(), times.end(), Index{0}) == 0);
}

TEST_CASE("escape times do not depend on the number of threads", "[simulation][fast]") {
  const auto model = one_and_two();
  const oracle::Rule heavy_ball{"heavy-ball", {0.5}};
  const auto one = times_of(model, heavy_ball, 1.0, {100, 50, 5, 1});
  CHECK(one == times_of(model, heavy_ball, 1.0, {100, 50, 5, 3}));
  const auto fewer = times_of(model, heavy_ball, 1.0, {70, 50, 5, 1});
  CHECK(std::equal(fewer.begin(), fewer.end(), one.begin()));  // a replica is its own stream
}

TEST_CASE("the summary of escape times counts the censored", "[simulation][fast]") {
  std::vector<Index> times(60, 0);
  for (Index i = 0; i < 60; ++i) times.push_back(i + 1);  // 60 of 120 escape, at 1…60
  auto summary = brink::summarize_escape(times, 100);
  REQUIRE(summary.median);
  CHECK(*summary.median == 60);
  CHECK(summary.escaped == 60);
  CHECK(*summary.median_lower == 49);  // rank 120/2 − 1.96·√120/2 = 49.3
  CHECK_FALSE(summary.median_upper);
  times.push_back(0);
  summary = brink::summarize_escape(times, 100);
  CHECK_FALSE(summary.median);
  CHECK(summary.fraction.lower < 60.0 / 121);
  CHECK(summary.fraction.upper > 60.0 / 121);
}

TEST_CASE("escape refuses what makes no sense", "[simulation][fast]") {
  const auto model = one_and_two();
  const auto setting = dynamics(kSgd, "without-replacement", 1, 1.0);
  const auto engine = brink::make_linear_engine(model, setting);
  const auto with = [&](const EscapeOptions& options) {
    (void)brink::escape_times(*engine, model.spectrum(), options);
  };
  CHECK_THROWS_AS(with({1, 10, 2, 1}), brink::InvalidInput);
  CHECK_THROWS_AS(with({2, 0, 2, 1}), brink::InvalidInput);
  CHECK_THROWS_AS(with({2, 10, 1, 1}), brink::InvalidInput);
  CHECK_THROWS_AS(with({2, 10, std::nan(""), 1}), brink::InvalidInput);
  CHECK_THROWS_AS(with({2, 10, 2, 0}), brink::InvalidInput);
  const brink::Vector negative = brink::Vector::Constant(1, -1.0);
  CHECK_THROWS_AS((void)brink::escape_times(*engine, negative, {2, 10, 2, 1}), brink::InvalidInput);
  CHECK_THROWS_AS((void)brink::summarize_escape({11}, 10), brink::InvalidInput);
  CHECK_THROWS_AS((void)brink::summarize_escape({}, 10), brink::InvalidInput);
}
