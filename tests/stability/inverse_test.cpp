// The inverse questions against scalar formulas, and against the thresholds they invert.

#include "brink/stability/inverse.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/sampling/population_law.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/subsample_error.hpp"
#include "oracle/batches.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"
#include "oracle/second_moment.hpp"

using oracle::Example;
using oracle::Matrix;

namespace {

/// One parameter, two samples of curvature 1 and 2, B = 1: a = 3/2, v = 1/4 without replacement.
Example two_curvatures() {
  Example example{"curvatures 1 and 2", Matrix(2, 1)};
  example.rows << 1, std::sqrt(2.0);
  return example;
}

constexpr double kMean = 1.5, kNoise = 0.25;

double scalar_threshold(double beta) { return 1 / (kMean / (2 * (1 + beta)) + kNoise / (2 * kMean * (1 - beta))); }

std::shared_ptr<const brink::BatchLaw> without_replacement() { return brink::make_batch_law("without-replacement"); }

}  // namespace

TEST_CASE("the best momentum of a scalar is (1 - s)/(1 + s), s = sqrt(v)/a", "[fast][stability]") {
  const auto best = brink::best_momentum(two_curvatures().model(), "heavy-ball", {}, *without_replacement(), 1);
  const double s = std::sqrt(kNoise) / kMean;
  CHECK(best.momentum == Approx((1 - s) / (1 + s)).margin(2e-7));
  CHECK(std::abs(best.momentum - (1 - s) / (1 + s)) <= best.error);
  CHECK(best.eta == Approx(4 * kMean / std::pow(kMean + std::sqrt(kNoise), 2)).epsilon(1e-12));
  CHECK_FALSE(best.at_end);
  // Without noise more momentum is always better: the end of the range.
  CHECK(brink::best_momentum(two_curvatures().model(), "heavy-ball", {}, *without_replacement(), 2).at_end);
}

TEST_CASE("the best step of a scalar is a/(a^2 + v)", "[fast][stability]") {
  const auto best =
      brink::best_step(two_curvatures().model(), *oracle::sgd().make(), *without_replacement(), 1).value();
  const double second = kMean * kMean + kNoise;
  CHECK(best.eta == Approx(kMean / second).margin(2e-7));
  CHECK(best.log_growth == Approx(std::log(1 - kMean * kMean / second)).epsilon(1e-12));
}

TEST_CASE("no step beats the best step", "[fast][stability]") {
  const auto model = oracle::random_rows(8, 3, 1, 501).model();
  for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.7), oracle::nesterov(0.5)}) {
    const auto made = rule.make();
    const auto best = brink::best_step(model, *made, *without_replacement(), 2).value();
    CHECK(best.log_growth < 0);
    const double threshold = brink::mean_square_threshold(model, *made, *without_replacement(), 2).eta;
    for (int i = 1; i < 200; ++i) {
      const auto growth = brink::mean_square_growth(model, *made, *without_replacement(), 2, threshold * i / 200);
      CHECK(growth.log_growth >= best.log_growth - 1e-9);
    }
  }
}

TEST_CASE("the best step of gradient descent is at a kink, 2/(largest + smallest curvature)", "[fast][stability]") {
  for (const double condition : {10.0, 1e3, 1e6}) {
    INFO("condition number " << condition);
    Example example{"two curvatures", Matrix::Identity(2, 2)};
    example.rows(1, 1) = std::sqrt(condition);
    const double smallest = 0.5, largest = 0.5 * condition;  // of H: the mean of two samples
    const auto best = brink::best_step(example.model(), *oracle::sgd().make(), *without_replacement(), 2).value();
    CHECK(best.eta == Approx(2 / (smallest + largest)).epsilon(1e-13));
    CHECK(std::abs(best.eta - 2 / (smallest + largest)) <= best.error + 1e-15 * best.eta);
    CHECK(best.error < 1e-8 * best.eta);
    CHECK(best.log_growth == Approx(2 * std::log1p(-2 / (condition + 1))).epsilon(1e-9));
  }
}

TEST_CASE("the best step of heavy ball without noise is anywhere on its plateau", "[fast][stability]") {
  // Between (1 − √β)²/smallest and (1 + √β)²/largest every mode decays like √β.
  Example example{"two curvatures", Matrix::Identity(2, 2)};
  example.rows(1, 1) = std::sqrt(20);
  const double root = std::sqrt(0.81);
  const double first = std::pow(1 - root, 2) / 0.5, last = std::pow(1 + root, 2) / 10;
  const auto best =
      brink::best_step(example.model(), *oracle::heavy_ball(0.81).make(), *without_replacement(), 2).value();
  CHECK(best.log_growth == Approx(std::log(0.81)).epsilon(1e-9));
  CHECK(best.eta >= first * (1 - 1e-9));
  CHECK(best.eta <= last * (1 + 1e-9));
  CHECK(best.eta - best.error <= first);
  CHECK(best.eta + best.error >= last);
}

TEST_CASE("best steps and best momenta do not depend on units", "[fast][stability]") {
  for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9), oracle::nesterov(0.99)}) {
    INFO(cell.label());
    const auto rule = cell.make();
    const auto law = brink::make_batch_law("bernoulli");
    const auto here = brink::best_step(oracle::three_rows().model(), *rule, *law, 1).value();
    const auto momentum = brink::best_momentum(oracle::three_rows().model(), "heavy-ball", {}, *law, 1);
    for (const double s : {1e-5, 1e-2, 1e2, 1e3, 1e5}) {
      INFO("rows times " << s);
      Example example = oracle::three_rows();
      example.rows *= s;
      const auto there = brink::best_step(example.model(), *rule, *law, 1).value();
      CHECK(std::abs(there.eta * s * s - here.eta) <= here.error + there.error * s * s);
      CHECK(there.eta * s * s == Approx(here.eta).epsilon(1e-5));
      CHECK(there.error < 1e-5 * there.eta);
      CHECK(there.log_growth == Approx(here.log_growth).epsilon(1e-11));
      const auto other = brink::best_momentum(example.model(), "heavy-ball", {}, *law, 1);
      CHECK(std::abs(other.momentum - momentum.momentum) <= other.error + momentum.error);
      CHECK(other.momentum == Approx(momentum.momentum).margin(1e-6));
      CHECK(other.eta * s * s == Approx(momentum.eta).epsilon(1e-12));
    }
  }
}

TEST_CASE("the best step is the minimum of the dense growth", "[fast][stability]") {
  for (const std::uint64_t seed : {511U, 512U, 513U}) {
    Example example = oracle::random_rows(4, 2, 1, seed);
    example.rows.col(1) *= seed % 2 == 0 ? 1.0 : 0.05;
    const auto model = example.model();
    for (const auto& name : oracle::finite_laws())
      for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.8), oracle::nesterov(0.95)})
        for (const int b : {1, 3}) {
          INFO("seed " << seed << ", " << name << " B=" << b << ", " << cell.label());
          const auto moment = oracle::second_moment_of(name, example.hessians(), b, cell.reference());
          const double threshold =
              brink::mean_square_threshold(model, *cell.make(), *brink::make_batch_law(name), b).eta;
          // A grid, then finer grids around its best point.
          double low = std::log(1e-5 * threshold), high = std::log(threshold), at = 0, least = 1e300;
          for (int zoom = 0; zoom < 6; ++zoom) {
            constexpr int kPoints = 120;
            const double width = (high - low) / kPoints;
            const double from = low;
            for (int i = 0; i <= kPoints; ++i) {
              const double value = oracle::log_growth(moment(std::exp(from + width * i)));
              if (value >= least) continue;
              least = value;
              at = from + width * i;
            }
            low = at - 2 * width;
            high = at + 2 * width;
          }
          const auto best = brink::best_step(model, *cell.make(), *brink::make_batch_law(name), b).value();
          // At a double root the dense growth has half the digits.
          CHECK(best.log_growth == Approx(least).margin(1e-7));
          if (cell.name == "sgd") CHECK(std::abs(best.eta - std::exp(at)) <= best.error + 1e-6 * best.eta);
        }
  }
}

TEST_CASE("stable momenta of a scalar are the solutions of eta*(beta) = eta", "[fast][stability]") {
  const auto model = two_curvatures().model();
  for (const double eta : {0.5, 1.0, 1.4}) {
    INFO("eta = " << eta);
    // a/(2(1+β)) + v/(2a(1−β)) = 1/η, multiplied by (1+β)(1−β): a quadratic in β.
    const double p = kMean / 2, q = kNoise / (2 * kMean), c = 1 / eta;
    const double mid = (p - q) / (2 * c), root = std::sqrt(mid * mid + (1 - (p + q) / c));
    const auto ranges = brink::stable_momenta(model, "heavy-ball", {}, *without_replacement(), 1, eta);
    REQUIRE(ranges.size() == 1);
    CHECK(ranges[0].lower == Approx(mid - root).margin(1e-10));
    CHECK(ranges[0].upper == Approx(mid + root).margin(1e-10));
    CHECK(scalar_threshold(ranges[0].upper) == Approx(eta).epsilon(1e-9));
  }
  CHECK(brink::stable_momenta(model, "heavy-ball", {}, *without_replacement(), 1, 1.6).empty());
  CHECK_THROWS_AS(brink::stable_momenta(model, "sgd", {}, *without_replacement(), 1, 1), brink::InvalidInput);
}

TEST_CASE("the smallest stable batch is stable and the next smaller one is not", "[fast][stability]") {
  const auto model = oracle::random_rows(40, 6, 1, 502).model();
  for (const auto& law : oracle::finite_laws())
    for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9)}) {
      const auto rule = cell.make();
      const auto drawn = brink::make_batch_law(law);
      const double few = brink::mean_square_threshold(model, *rule, *drawn, 1).eta;
      const double many = brink::mean_square_threshold(model, *rule, *drawn, 40).eta;
      const double eta = std::sqrt(few * many);
      const auto smallest = brink::smallest_stable_batch(model, *rule, *drawn, eta, 40);
      REQUIRE(smallest.has_value());
      CHECK(brink::mean_square_threshold(model, *rule, *drawn, *smallest).eta > eta);
      REQUIRE(*smallest > 1);
      CHECK(brink::mean_square_threshold(model, *rule, *drawn, *smallest - 1).eta <= eta);
      CHECK(brink::smallest_stable_batch(model, *rule, *drawn, 0.5 * few, 40).value() == 1);
      CHECK_FALSE(brink::smallest_stable_batch(model, *rule, *drawn, 1.01 * many, 40).has_value());
    }
}

TEST_CASE("coupling keeps the margin, and the rules of thumb are what they say", "[fast][stability]") {
  const auto model = oracle::random_rows(12, 4, 1, 503).model();
  const auto law = without_replacement();
  const auto from = brink::mean_square_threshold(model, *oracle::heavy_ball(0.9).make(), *law, 4);
  const auto step = brink::couple(model, from, 0.3 * from.eta, 0.9, 4, *oracle::heavy_ball(0.5).make(), *law, 9);
  const auto to = brink::mean_square_threshold(model, *oracle::heavy_ball(0.5).make(), *law, 9);
  CHECK(step.eta == Approx(0.3 * to.eta).epsilon(1e-11));
  REQUIRE(step.thumb.size() == 3);
  CHECK(step.thumb[0].eta == Approx(0.3 * from.eta * 9 / 4));
  CHECK(step.thumb[1].eta == Approx(0.3 * from.eta * 1.5));
  CHECK(step.thumb[2].eta == Approx(0.3 * from.eta * 5));
  CHECK_THROWS_AS(brink::couple(model, from, 1.01 * from.eta, 0.9, 4, *oracle::sgd().make(), *law, 1),
                  brink::InvalidInput);
}

TEST_CASE("a population made of copies of the samples is that population", "[fast][stability]") {
  // Every sample three times: means over the population are those of the samples, exactly.
  const Example example = oracle::random_rows(4, 3, 2, 504);
  Example copies = example;
  copies.rows = example.rows.replicate(3, 1);
  const auto model = example.model(), whole = copies.model();
  for (const auto& name : oracle::finite_laws())
    for (const int b : {1, 2, 7, 12})
      for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9)}) {
        INFO(name << " B=" << b << " " << cell.label());
        const auto law = brink::make_batch_law(name);
        const auto population = brink::make_population_law(law, 12);
        const auto rule = cell.make();
        const auto expected = brink::mean_square_threshold(whole, *rule, *law, b);
        const auto found = brink::mean_square_threshold(model, *rule, *population, b);
        CHECK(found.eta == Approx(expected.eta).epsilon(1e-11));
        if (found.critical_mode.size() == 0) continue;
        CHECK(brink::batch_sharpness(model, *population, b, found.critical_mode) ==
              Approx(brink::batch_sharpness(whole, *law, b, found.critical_mode)).epsilon(1e-9));
      }
  const auto law = brink::make_population_law(without_replacement(), 12);
  CHECK_THROWS_AS(brink::mean_square_threshold(model, *oracle::sgd().make(), *law, 13), brink::InvalidInput);
  CHECK_THROWS_AS(brink::mean_square_threshold(model, *oracle::sgd().make(), *brink::make_population_law(law, 3), 1),
                  brink::InvalidInput);
  CHECK_THROWS_AS(brink::make_population_law(brink::make_batch_law("gaussian"), 12), brink::InvalidInput);
}

TEST_CASE("the jackknife error of a subsample is the spread of subsamples", "[stability]") {
  // Subsamples of 100 out of 2000 rows: their thresholds scatter as the jackknife of one of them says.
  const Example all = oracle::random_rows(2000, 3, 1, 505);
  const auto rule = oracle::sgd().make();
  const auto law = brink::make_population_law(without_replacement(), 2000);
  constexpr int kDraws = 60;
  brink::Vector thresholds(kDraws);
  double predicted = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    oracle::Random random(600 + static_cast<std::uint64_t>(draw));
    Example part{"subsample", Matrix(100, 3)};
    std::vector<int> order(2000);
    for (int k = 0; k < 2000; ++k) order[static_cast<std::size_t>(k)] = k;
    for (int k = 0; k < 100; ++k) {
      std::swap(order[static_cast<std::size_t>(k)], order[static_cast<std::size_t>(k + random.below(2000 - k))]);
      part.rows.row(k) = all.rows.row(order[static_cast<std::size_t>(k)]);
    }
    const auto model = part.model();
    thresholds[draw] = brink::mean_square_threshold(model, *rule, *law, 4).eta;
    const auto error = brink::subsample_error(model, *rule, *law, 4);
    CHECK(error.groups == 20);
    predicted += error.standard_error / kDraws;
  }
  const double spread = std::sqrt((thresholds.array() - thresholds.mean()).square().sum() / (kDraws - 1));
  // The spread of 60 draws is known to about 9%; the jackknife of a smooth statistic is a little conservative.
  CHECK(predicted == Approx(spread).epsilon(0.3));
  const double whole = brink::mean_square_threshold(all.model(), *rule, *without_replacement(), 4).eta;
  CHECK(std::abs(thresholds.mean() - whole) < predicted);
  // All of the population: nothing is left to chance.
  const auto own = brink::make_population_law(without_replacement(), 50);
  CHECK(brink::subsample_error(oracle::random_rows(50, 3, 1, 506).model(), *rule, *own, 4).standard_error == 0);
}
