#include "brink/statistics/hypothesis.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "brink/base/error.hpp"
#include "calibration.hpp"

using namespace brink;
using namespace calibration;

namespace {

/// Runs over batch × momentum × seeds, whose quantity y is given by a function of them and a normal number.
std::vector<Observation> population(int seeds, oracle::Random& random,
                                    const std::function<double(double batch, double momentum, double noise)>& y,
                                    const std::vector<double>& batches = {1, 2, 4, 8, 16, 32},
                                    const std::vector<double>& momenta = {0, 0.5}) {
  std::vector<Observation> runs;
  for (int seed = 0; seed < seeds; ++seed)
    for (const double momentum : momenta)
      for (const double batch : batches) {
        Observation run;
        run.seed = seed;
        run.parameters = {"rule", "momentum", "batch"};
        run.texts = {{"rule", momentum == 0 ? "sgd" : "heavy-ball"}};
        run.numbers = {{"batch", batch}, {"momentum", momentum}, {"effective_rate", 0.1}};
        run.numbers["y"] = y(batch, momentum, random.normal());
        runs.push_back(std::move(run));
      }
  return runs;
}

Hypothesis hypothesis(const std::string& rule) {
  Hypothesis h;
  h.claim = "a claim";
  h.quantity = "y";
  h.rule = rule;
  h.margin = 0.1;
  return h;
}

Judgement judge(const Hypothesis& h, const std::vector<Observation>& runs) {
  check_hypothesis("test", h);
  return judge_hypotheses({{"test", h}}, runs, 0.05, 1).front();
}

struct Rates {
  int supported = 0;
  int refuted = 0;
};

Rates rates(int trials, const Hypothesis& h, int seeds,
            const std::function<double(double batch, double momentum, double noise)>& y) {
  oracle::Random random(77);
  Rates rates;
  for (int i = 0; i < trials; ++i) {
    const Judgement judgement = judge(h, population(seeds, random, y, {1, 2, 4, 8, 16, 32}));
    rates.supported += judgement.decision == Decision::supported;
    rates.refuted += judgement.decision == Decision::refuted;
  }
  return rates;
}

/// For every rule: data for which the claim is true, data on the margin (worst for both errors), data far outside.
struct Example {
  std::string name;
  Hypothesis hypothesis;
  std::function<double(double, double, double)> inside, margin, outside;
};

std::vector<Example> examples() {
  std::vector<Example> all;
  const auto add = [&](const std::string& name, Hypothesis h, auto inside, auto margin, auto outside) {
    all.push_back({name, std::move(h), inside, margin, outside});
  };
  {
    Hypothesis h = hypothesis("equal");
    h.predicted = "3*batch";
    h.scale = "log";
    const auto at = [](double shift) {
      return [=](double b, double, double e) { return 3 * b * std::exp((b == 4 ? shift : 0) + 0.03 * e); };
    };
    add("equal", h, at(0), at(0.1), at(0.4));
  }
  {
    Hypothesis h = hypothesis("one-sided");
    h.predicted = "1";
    h.minimal_effect = 0.5;
    const auto at = [](double shift) {
      return [=](double b, double, double e) { return 2 + (b == 4 ? shift : 0) + 0.2 * e; };
    };
    add("one-sided", h, at(0), at(-0.5), at(-2));
  }
  {
    Hypothesis h = hypothesis("slope");
    h.predicted = "-1";
    const auto at = [](double shift) {
      return [=](double b, double m, double e) { return std::pow(b, -1 + (m > 0 ? shift : 0)) * std::exp(0.05 * e); };
    };
    add("slope", h, at(0), at(0.1), at(0.3));
  }
  {
    Hypothesis h = hypothesis("monotone");
    h.direction = "decreasing";
    h.minimal_effect = 0.2;
    const auto at = [](double jump) {
      return [=](double b, double m, double e) {
        return std::exp(-0.1 * std::log(b) + (m > 0 && b >= 8 ? jump : 0) + 0.05 * e);
      };
    };
    // From 4 to 8 the curve falls by 0.1 ln 2 beside the jump.
    add("monotone", h, at(0), at(0.2 + 0.1 * std::log(2.0)), at(0.8));
  }
  {
    Hypothesis h = hypothesis("independent");
    h.factor = "momentum";
    h.group = {"batch"};  // the rule changes with the momentum
    h.margin = 0.1;
    const auto at = [](double shift) {
      return [=](double b, double m, double e) { return b * std::exp((m > 0 && b == 2 ? shift : 0) + 0.03 * e); };
    };
    // Each of two levels is half the shift away from their mean.
    add("independent", h, at(0), at(0.2), at(0.6));
  }
  {
    Hypothesis h = hypothesis("difference");
    h.left = "momentum == 0.5";
    h.right = "momentum == 0";
    h.direction = "both";
    const auto at = [](double shift) {
      return [=](double b, double m, double e) { return b + (m > 0 && b == 2 ? shift : 0) + 0.03 * e; };
    };
    add("difference", h, at(0), at(0.1), at(0.4));
  }
  {
    Hypothesis h = hypothesis("crossover");
    h.rescaled = "1";
    h.predicted = "6";
    h.margin = 0.2;
    const auto at = [](double shift) {
      return [=](double b, double m, double e) {
        return std::pow(b / (6 * std::exp(m > 0 ? shift : 0)), 0.7) * std::exp(0.05 * e);
      };
    };
    add("crossover", h, at(0), at(0.2), at(0.7));
  }
  {
    Hypothesis h = hypothesis("break");
    h.predicted = "6";
    h.margin = 0.3;
    const auto at = [](double shift) {
      return [=](double b, double m, double e) {
        return std::min(b, 6 * std::exp(m > 0 ? shift : 0)) * std::exp(0.03 * e);
      };
    };
    add("break", h, at(0), at(0.3), at(0.6));
  }
  return all;
}

constexpr int kSeeds = 7;  // below the number from which intervals are bootstrapped too, which takes time

void check_errors(int trials) {
  for (const auto& example : examples()) {
    CAPTURE(example.name);
    const Rates inside = rates(trials, example.hypothesis, kSeeds, example.inside);
    CHECK(inside.supported > 0.9 * trials);
    check_at_most(inside.refuted, trials, 0.05);
    const Rates margin = rates(trials, example.hypothesis, kSeeds, example.margin);
    check_at_most(margin.supported, trials, 0.055);  // the fits of a break are not quite normal
    check_at_most(margin.refuted, trials, 0.055);
    const Rates outside = rates(trials, example.hypothesis, kSeeds, example.outside);
    CHECK(outside.refuted > 0.9 * trials);
    check_at_most(outside.supported, trials, 0.05);
  }
}

void check_forecast(int trials) {
  // The share of verdicts is what is announced when the spread is known, so with a large pilot.
  oracle::Random random(5);
  Hypothesis h = hypothesis("equal");
  h.margin = 1;
  h.where = "momentum == 0 and batch == 1";
  const auto y = [](double, double, double e) { return 0.2 + e; };
  const PowerForecast forecast = forecast_power(h, population(4000, random, y, {1}), 18, 0.05, 1);
  CHECK(forecast.decision == Decision::supported);
  CHECK(forecast.power > 0.7);
  CHECK(forecast.power < 0.95);
  int supported = 0;
  for (int i = 0; i < trials; ++i)
    supported += judge(h, population(18, random, y, {1})).decision == Decision::supported;
  CAPTURE(forecast.power);
  check_at_least(supported, trials, forecast.power - 0.02);  // 4000 seeds know the mean to 0.016 and the spread to 1%
  check_at_most(supported, trials, forecast.power + 0.03);
}

}  // namespace

TEST_CASE("every rule decides as announced, and errs at most as often", "[statistics]") { check_errors(300); }
TEST_CASE("every rule errs at most as often as announced, many trials", "[statistics][slow]") { check_errors(1500); }
TEST_CASE("announced power of a hypothesis is its power", "[statistics][fast]") { check_forecast(1000); }
TEST_CASE("announced power of a hypothesis, many trials", "[statistics][slow]") { check_forecast(20'000); }

TEST_CASE("the announced number of steps reaches the power wanted, no more", "[statistics][fast]") {
  oracle::Random random(15);
  Hypothesis h = hypothesis("equal");
  h.margin = 1;
  h.where = "momentum == 0";
  h.power = 0.8;
  // Seeds differ by 0.5 whatever the steps; the error of measurement is 1 with the steps planned.
  const auto measured = [&](int seeds, double factor) {
    auto runs =
        population(seeds, random,
                   [&](double, double, double e) { return 0.5 * random.normal() + e / std::sqrt(factor); }, {1}, {0});
    for (auto& run : runs) run.standard_errors["y"] = 1 / std::sqrt(factor);
    return runs;
  };
  constexpr int seeds = 8;
  const PowerForecast forecast = forecast_power(h, measured(4000, 1), seeds, 0.05, 1);
  CHECK(forecast.power < 0.6);
  CHECK(forecast.measured_share == Approx(1 / 1.25).epsilon(0.05));
  REQUIRE(forecast.steps_factor_needed);
  constexpr int trials = 1000;
  int supported = 0;
  for (int i = 0; i < trials; ++i)
    supported += judge(h, measured(seeds, *forecast.steps_factor_needed)).decision == Decision::supported;
  CAPTURE(*forecast.steps_factor_needed, forecast.power);
  check_at_least(supported, trials, h.power - 0.02);
  check_at_most(supported, trials, h.power + 0.04);  // steps are searched in strides of 5%
  CHECK(forecast_power(h, measured(4000, 10), seeds, 0.05, 1).steps_factor_needed == 1);
}

TEST_CASE("steps do not help where the models of the seeds differ too much", "[statistics][fast]") {
  oracle::Random random(16);
  Hypothesis h = hypothesis("equal");
  h.margin = 1;
  auto pilot = population(200, random, [](double, double, double e) { return 2 * e; }, {1}, {0});
  CHECK_FALSE(forecast_power(h, pilot, 8, 0.05, 1).steps_factor_needed);  // nothing is measured
  for (auto& run : pilot) run.standard_errors["y"] = 0.1;
  const PowerForecast forecast = forecast_power(h, pilot, 8, 0.05, 1);
  CHECK_FALSE(forecast.steps_factor_needed);
  CHECK(forecast.measured_share < 0.01);
  CHECK(forecast.seeds_needed);
}

TEST_CASE("a small pilot announces too much power in about one case of five", "[statistics][fast]") {
  oracle::Random random(6);
  Hypothesis h = hypothesis("one-sided");
  h.minimal_effect = 0;
  const auto y = [](double, double, double e) { return 1 + e; };
  int too_much = 0;
  constexpr int trials = 500;
  for (int i = 0; i < trials; ++i) {
    auto pilot = population(6, random, y, {1}, {0});
    double mean = 0;
    for (const auto& run : pilot) mean += run.numbers.at("y") / 6;
    for (auto& run : pilot) run.numbers["y"] += 1 - mean;  // the effect itself is right: only the spread is uncertain
    const PowerForecast forecast = forecast_power(h, pilot, 12, 0.05, 1);
    too_much += forecast.power > equivalence_power(1, 1, 12, 0, INFINITY, 0.05);
  }
  check_at_most(too_much, trials, 0.2);
  check_at_least(too_much, trials, 0.2);
}

TEST_CASE("a collapse is supported where curves agree and refuted where they do not", "[statistics][fast]") {
  oracle::Random random(8);
  Hypothesis h = hypothesis("collapse");
  h.rescaled = "batch*(1 - momentum)";
  const auto scaled = [](double b, double m, double e) { return std::tanh(b * (1 - m) / 8) * std::exp(0.01 * e); };
  CHECK(judge(h, population(6, random, scaled)).decision == Decision::supported);
  h.rescaled = "batch";
  const Judgement apart = judge(h, population(6, random, scaled));
  CHECK(apart.decision == Decision::refuted);
  // Linear in ln B, the curves tanh(B/8) and tanh(B/16) are at most half of ln 2 = 0.347 apart, at B = 1.
  CHECK(apart.contrasts.at(0).mean.value == Approx(0.5 * std::log(2.0)).epsilon(0.06));
}

TEST_CASE("curves that do not reach their crossing are censored, not dropped", "[statistics][fast]") {
  oracle::Random random(9);
  Hypothesis h = hypothesis("crossover");
  h.rescaled = "1";
  h.predicted = "6";
  h.where = "momentum == 0";
  h.margin = 0.5;
  // ln of the crossing ~ N(ln 24, 0.5²), seen up to 32: two of seven seeds are beyond.
  int seed = 0;
  double shift = 0;
  auto runs = population(40, random, [&](double b, double m, double e) {
    if (m == 0 && b == 1) {
      shift = e;
      ++seed;
    }
    return b / (24 * std::exp(0.5 * shift));
  });
  const Judgement judgement = judge(h, runs);
  CHECK(judgement.censored > 5);
  CHECK(judgement.contrasts.at(0).censored == judgement.censored);
  CHECK(judgement.contrasts.at(0).mean.value == Approx(std::log(4.0)).margin(0.3));
  CHECK(judgement.decision == Decision::refuted);
}

TEST_CASE("excluded runs are counted with the reason, and too many decide nothing", "[statistics][fast]") {
  oracle::Random random(10);
  Hypothesis h = hypothesis("equal");
  h.predicted = "3";
  h.exclude = {"y > 4"};
  auto runs = population(10, random, [](double, double, double e) { return 3 + 0.01 * e; });
  runs[0].failure = "diverged: loss = 1e9 at step 7";
  runs[1].numbers["y"] = 5;
  runs[2].numbers["y"] = NAN;
  const Judgement judgement = judge(h, runs);
  CHECK(judgement.decision == Decision::supported);
  CHECK(judgement.runs == 120);
  CHECK(judgement.excluded == 3);
  REQUIRE(judgement.reasons.size() == 3);
  CHECK(judgement.reasons[0].reason == "diverged");
  CHECK(judgement.reasons[1].reason == "y > 4");
  h.most_excluded = 0.01;
  const Judgement refused = judge(h, runs);
  CHECK(refused.decision == Decision::cannot_tell);
  CHECK_FALSE(refused.warnings.empty());
}

TEST_CASE("the decisive contrast is the one with the largest p-value", "[statistics][fast]") {
  oracle::Random random(12);
  Hypothesis h = hypothesis("equal");
  h.margin = 1;
  h.most_excluded = 0.5;
  // Batch size 1 has no scatter and little room, batch size 2 much scatter: nearer to its limits in standard errors.
  const auto y = [](double b, double, double e) { return b == 1 ? 0.5 : 0.4 * e; };
  auto runs = population(8, random, y, {1, 2}, {0});
  const Judgement scattered = judge(h, runs);
  REQUIRE(scattered.contrasts.size() == 2);
  CHECK(scattered.decisive == 1);
  CHECK(scattered.contrasts[scattered.decisive].test.p_outside == scattered.p_supported);
  // One seed of batch size 1 is left: no mean, and nothing worse than not to know.
  for (auto& run : runs)
    if (run.numbers.at("batch") == 1 && run.seed > 0) run.failure = "diverged";
  const Judgement unknown = judge(h, runs);
  REQUIRE(unknown.contrasts.size() == 2);
  CHECK(unknown.decisive == 0);
  CHECK_FALSE(unknown.contrasts[0].measured());
  CHECK(unknown.p_supported == 1);
}

TEST_CASE("the corrected p-values are Holm's over the file", "[statistics][fast]") {
  oracle::Random random(11);
  Hypothesis right = hypothesis("equal");
  right.predicted = "3";
  right.margin = 0.05;
  Hypothesis wrong = right;
  wrong.predicted = "4";
  const auto runs = population(10, random, [](double, double, double e) { return 3 + 0.02 * e; });
  const auto judgements = judge_hypotheses({{"right", right}, {"wrong", wrong}}, runs, 0.05, 1);
  CHECK(judgements[0].decision == Decision::supported);
  CHECK(judgements[1].decision == Decision::refuted);
  CHECK(judgements[0].p_supported_corrected == Approx(2 * judgements[0].p_supported));
  CHECK(judgements[1].p_supported_corrected == 1);
  CHECK(judgements[1].contrasts.size() == 12);
  REQUIRE(judgements[0].contrasts[0].bootstrap);
  CHECK(judgements[0].contrasts[0].bootstrap->lower == Approx(judgements[0].contrasts[0].interval.lower).margin(0.02));
}

TEST_CASE("functions of traces", "[statistics][fast]") {
  Observation run;
  run.numbers = {{"threshold(\"mean\")", 7}};
  for (int i = 0; i < 100; ++i) {
    run.traces["step"].push_back(3 * i);
    run.traces["loss"].push_back(i == 10 ? std::nan("") : 100.0 + i);
  }
  const auto value = [&](const std::string& text) { return Expression::parse(text).number(scope_of(run)); };
  CHECK(value("first(\"loss\")") == 100);
  CHECK(value("final(\"loss\")") == 199);
  CHECK(value("largest(\"loss\", 0, 31)") == 109);
  CHECK(value("smallest(\"loss\", 30, 40)") == 111);
  CHECK(value("mean(\"loss\", 0, 9)") == Approx(101));
  CHECK(value("tail(\"loss\", 0.1)") == Approx(194.5));
  CHECK(value("onset(\"loss\", 109)") == 33);
  CHECK(std::isinf(value("onset(\"loss\", 1000)")));
  CHECK(value("drift(\"loss\")") == Approx(50 / 174.5).epsilon(0.05));
  run.numbers["eta"] = 2;
  CHECK(value("final(\"eta*loss - step\")") == Approx(2 * 199 - 297));
  CHECK_THROWS_AS(value("final(\"eta*lost\")"), InvalidInput);
  CHECK_THROWS_AS(value("final(\"loss +\")"), InvalidInput);
  CHECK(value("threshold(\"mean\")") == 7);
  CHECK(std::isnan(value("largest(\"loss\", 1000, 2000)")));
  CHECK_THROWS_AS(value("tail(\"lost\")"), InvalidInput);
  CHECK_THROWS_AS(value("tail(\"loss\", 2)"), InvalidInput);
  CHECK_THROWS_AS(value("tali(\"loss\")"), InvalidInput);
  CHECK_THROWS_AS(value("loss"), InvalidInput);
  run.traces.clear();
  CHECK_THROWS_WITH(value("tail(\"loss\")"), Catch::Contains("no traces"));
  CHECK_THROWS_WITH(value("tail(\"1\")"), Catch::Contains("no traces"));
}

TEST_CASE("what is wrong with a hypothesis is named", "[statistics][fast]") {
  const auto wrong = [](const std::function<void(Hypothesis&)>& change) {
    Hypothesis h = hypothesis("equal");
    change(h);
    CHECK_THROWS_AS(check_hypothesis("x", h), InvalidInput);
  };
  wrong([](auto& h) { h.rule = "equals"; });
  wrong([](auto& h) { h.margin = 0; });
  wrong([](auto& h) { h.claim = ""; });
  wrong([](auto& h) { h.quantity = "1 +"; });
  wrong([](auto& h) { h.scale = "linear"; });
  wrong([](auto& h) { h.rule = "monotone"; });
  wrong([](auto& h) { h.power = 1; });
  wrong([](auto& h) { h.expected_verdict = "true"; });
  wrong([](auto& h) {
    h.rule = "difference";
    h.left = "true";
  });
  oracle::Random random(1);
  const auto runs = population(2, random, [](double, double, double) { return 1.0; });
  Hypothesis h = hypothesis("equal");
  h.where = "batch > 1000";
  CHECK_THROWS_AS(judge(h, runs), InvalidInput);
  h.where = "batch";
  CHECK_THROWS_AS(judge(h, runs), InvalidInput);
  h = hypothesis("slope");
  h.group = {"rule"};
  h.factor = "momentum";
  CHECK_THROWS_AS(judge(h, runs), InvalidInput);  // many batches at one momentum
}
