// Limits against finite models: how fast the gap closes, and trajectories with their scores.

#include "brink/verification/limit_comparison.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"

namespace {

brink::LimitSetting setting(const char* sampling, double batch, const char* rule = "sgd", double momentum = 0) {
  brink::LimitSetting result;
  result.spectrum.ratio = 0.5;
  result.rule = rule;
  result.parameters.momentum = momentum;
  result.sampling = sampling;
  result.batch = batch;
  return result;
}

/// Slope of ln y against ln x by least squares.
double slope(const std::vector<double>& x, const std::vector<double>& y) {
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += std::log(x[i]) / static_cast<double>(x.size());
    mean_y += std::log(y[i]) / static_cast<double>(y.size());
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += std::pow(std::log(x[i]) - mean_x, 2);
    xy += (std::log(x[i]) - mean_x) * (std::log(y[i]) - mean_y);
  }
  return xy / xx;
}

}  // namespace

TEST_CASE("thresholds of random models approach the limit like 1/d", "[verification]") {
  for (const char* sampling : {"gaussian", "without-replacement"}) {
    std::vector<double> dimensions, gaps;
    for (const brink::Index d : {16, 32, 64, 128}) {
      const auto drawn = brink::drawn_threshold(setting(sampling, 0.25), d, 3200 / d, 1, 2);
      CHECK(drawn.size.samples == 2 * d);
      CHECK(drawn.size.batch_size == d / 4);
      CHECK(drawn.draws == 3200 / d);
      CHECK(drawn.residual < 1e-9);
      const double gap = std::abs(drawn.eta / drawn.limit.eta - 1);
      INFO(sampling << ", d = " << d << ": gap " << gap << ", error " << drawn.standard_error / drawn.eta);
      REQUIRE(gap > 5 * drawn.standard_error / drawn.eta);
      dimensions.push_back(static_cast<double>(d));
      gaps.push_back(gap);
    }
    INFO(sampling << ": slope " << slope(dimensions, gaps));
    CHECK(slope(dimensions, gaps) == Approx(-1).margin(0.2));
  }
}

TEST_CASE("finite sizes keep whole numbers, and the limit takes their ratios", "[fast][verification]") {
  const auto size = brink::finite_size(setting("without-replacement", 0.3), 15);
  CHECK(size.samples == 30);
  CHECK(size.batch_size == 5);
  CHECK(size.limit.batch == Approx(5.0 / 15));
  auto power = setting("gaussian", 4);
  power.spectrum.kind = "power-law";
  CHECK(brink::finite_size(power, 100).batch_size == 4);
  CHECK(brink::finite_size(power, 100).samples == 0);
  CHECK(brink::drawn_threshold(power, 100, 20, 1, 1).draws == 1);
  // Fresh rows: a batch of more rows than the draw has samples.
  CHECK(brink::drawn_threshold(setting("gaussian", 5), 10, 2, 1, 1).eta > 0);
  CHECK_THROWS_AS(brink::finite_size(setting("gaussian", 0.01), 10), brink::InvalidInput);
  CHECK_THROWS_AS(brink::finite_size(setting("gaussian", 1), 0), brink::InvalidInput);
  CHECK(brink::recorded_steps(5, 40) == std::vector<brink::Index>{0, 1, 2, 3, 4, 5});
  CHECK(brink::recorded_steps(1000, 10).back() == 1000);
}

TEST_CASE("simulated losses agree with the exact curve, and nearly with the limit", "[verification]") {
  for (const double irreducible : {0.0, 0.2})
    for (const double momentum : {0.0, 0.8}) {
      const auto here = setting("gaussian", 0.5, "heavy-ball", momentum);
      brink::LossSimulationOptions options;
      options.curve = {100, irreducible};
      options.dimension = 60;
      options.replicas = 100;
      options.records = 12;
      options.seed = 2;
      options.threads = 2;
      const auto result = brink::simulated_loss(here, 0.15, options);
      REQUIRE(result.exact.has_value());
      REQUIRE(result.z.size() + 1 == result.statistics.size());
      for (const double z : result.z) CHECK(std::abs(z) < 4.5);
      for (const auto& record : result.statistics) {
        const auto t = static_cast<std::size_t>(record.step);
        // The rates differ by about 1/d, which adds up over the steps.
        CHECK(std::abs(std::log(result.exact->loss[t] / result.limit.loss[t])) < 0.02 * (5 + static_cast<double>(t)));
      }
    }
}

TEST_CASE("batches of finitely many samples follow the limit, at the minimum of noisy labels too", "[verification]") {
  for (const double irreducible : {0.0, 0.3}) {
    const auto here = setting("without-replacement", 0.5, "heavy-ball", 0.5);
    brink::LossSimulationOptions options;
    options.curve = {60, irreducible};
    options.replicas = 40;
    options.records = 8;
    const auto deviation = [&](brink::Index dimension) {
      options.dimension = dimension;
      double sum = 0, count = 0;
      for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        options.seed = seed;
        const auto result = brink::simulated_loss(here, 0.2, options);
        CHECK_FALSE(result.exact.has_value());
        for (const auto& record : result.statistics) {
          const double limit = result.limit.loss[static_cast<std::size_t>(record.step)];
          sum += std::abs(std::log(record.mean / limit));
          ++count;
        }
      }
      return sum / count;
    };
    const double small = deviation(30), large = deviation(240);
    INFO("irreducible " << irreducible << ": " << small << " at 30, " << large << " at 240");
    CHECK(large < 0.1);
    CHECK(large < 0.6 * small);
  }
}
