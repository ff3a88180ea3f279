#include "brink/statistics/survival.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/random.hpp"

using namespace brink;

TEST_CASE("Kaplan-Meier on the remission times of Freireich et al. 1963", "[statistics][fast]") {
  // 6-mercaptopurine, weeks, 21 patients; estimates, standard errors and intervals as R's survival prints them
  // (conf.type = "log-log").
  std::vector<Lifetime> lives;
  for (const int time : {6, 6, 6, 7, 10, 13, 16, 22, 23}) lives.push_back({time, true});
  for (const int time : {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35}) lives.push_back({time, false});
  const Survival survival = kaplan_meier(lives, 0.95);
  struct Row {
    int time, at_risk, ended;
    double survival, error, lower, upper;
  };
  const Row rows[] = {{6, 21, 3, 0.857, 0.0764, 0.620, 0.952},  {7, 17, 1, 0.807, 0.0869, 0.563, 0.923},
                      {10, 15, 1, 0.753, 0.0963, 0.503, 0.889}, {13, 12, 1, 0.690, 0.1068, 0.432, 0.849},
                      {16, 11, 1, 0.627, 0.1141, 0.368, 0.805}, {22, 7, 1, 0.538, 0.1282, 0.268, 0.747},
                      {23, 6, 1, 0.448, 0.1346, 0.188, 0.680}};
  REQUIRE(survival.curve.size() == std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    const SurvivalPoint& point = survival.curve[i];
    CAPTURE(point.time);
    CHECK(point.time == rows[i].time);
    CHECK(point.at_risk == rows[i].at_risk);
    CHECK(point.ended == rows[i].ended);
    CHECK(point.survival == Approx(rows[i].survival).margin(6e-4));
    CHECK(point.standard_error == Approx(rows[i].error).margin(6e-5));
    CHECK(point.interval.lower == Approx(rows[i].lower).margin(6e-4));
    CHECK(point.interval.upper == Approx(rows[i].upper).margin(6e-4));
  }
  CHECK(survival.ended == 9);
  CHECK(survival.exposure == 359);
  const RestrictedMean mean = restricted_mean(survival, 23);
  double area = 6;
  for (std::size_t i = 0; i + 1 < std::size(rows); ++i)
    area += survival.curve[i].survival * (rows[i + 1].time - rows[i].time);
  CHECK(mean.value == Approx(area));
  CHECK(survival.hazard == Approx(9.0 / 359));
}

TEST_CASE("intervals of a survival curve and of a hazard cover", "[statistics][fast]") {
  // Geometric lives, p = 0.05, censored at random between 5 and 40: S(12) = 0.95^12.
  oracle::Random random(3);
  const double p = 0.05;
  const double exact = std::pow(1 - p, 12);
  int survival_covers = 0;
  int hazard_covers = 0;
  constexpr int runs = 400;
  for (int run = 0; run < runs; ++run) {
    std::vector<Lifetime> lives;
    for (int i = 0; i < 80; ++i) {
      int time = 1;
      while (random.uniform() > p) ++time;
      const int seen = 5 + static_cast<int>(36 * random.uniform());
      lives.push_back({std::min(time, seen), time <= seen});
    }
    const Survival survival = kaplan_meier(lives, 0.9);
    Interval at{1, 1};
    for (const auto& point : survival.curve) {
      if (point.time <= 12) at = point.interval;
    }
    survival_covers += at.lower <= exact && exact <= at.upper;
    hazard_covers += survival.hazard_interval.lower <= p && p <= survival.hazard_interval.upper;
  }
  // Binomial: 0.9 ± 0.015 at one standard deviation; Clopper and Pearson cover a little more than they say.
  CHECK(survival_covers > 0.9 * runs - 4 * 6);
  CHECK(survival_covers < 0.9 * runs + 4 * 6);
  CHECK(hazard_covers > 0.9 * runs - 4 * 6);
}

TEST_CASE("survival curves that end, that never fall, and nonsense", "[statistics][fast]") {
  const Survival all = kaplan_meier({{1, true}, {2, true}}, 0.95);
  REQUIRE(all.curve.size() == 2);
  CHECK(all.curve[0].survival == 0.5);
  CHECK(all.curve[1].survival == 0);
  CHECK(all.curve[1].interval.lower == 0);
  CHECK(all.curve[1].interval.upper == all.curve[0].interval.upper);
  const Survival once = kaplan_meier({{3, true}, {3, true}}, 0.95);
  CHECK(once.curve[0].interval.upper == 1);
  const Survival none = kaplan_meier({{10, false}, {10, false}}, 0.95);
  CHECK(none.curve.empty());
  CHECK(none.hazard == 0);
  CHECK(none.hazard_interval.upper == Approx(1 - std::pow(0.025, 1.0 / 20)));
  CHECK_THROWS_AS(kaplan_meier({}, 0.95), InvalidInput);
  CHECK_THROWS_AS(kaplan_meier({{0, true}}, 0.95), InvalidInput);
  CHECK_THROWS_AS(kaplan_meier({{1, true}}, 1), InvalidInput);
}
