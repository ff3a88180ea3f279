// The stationary state of theory against long simulations: momentum, several outputs, every law of finite samples.

#include "brink/stability/stationary.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/statistics/time_series.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using simulation_test::dynamics;

TEST_CASE("long simulations at a noisy minimum have the stationary state of theory", "[verification]") {
  struct Case {
    oracle::Example example;
    oracle::Rule rule;
    const char* law;
  };
  const Case cases[] = {
      {oracle::three_rows(), oracle::heavy_ball(0.5), "bernoulli"},
      {oracle::random_rows(4, 3, 2, 931), oracle::nesterov(0.7), "without-replacement"},
      {oracle::random_rows(5, 2, 1, 932), oracle::heavy_ball(-0.4), "with-replacement"},
  };
  for (const auto& c : cases) {
    INFO(c.example.name << ", " << c.rule.label() << ", " << c.law);
    const oracle::Example example = oracle::with_gradients(c.example, 933);
    const LinearizedModel model = example.model();
    const auto rule = c.rule.make();
    const auto law = make_batch_law(c.law);
    // At half the threshold the fourth moment exists too, so that the means have a variance.
    const double eta = 0.5 * mean_square_threshold(model, *rule, *law, 2).eta;
    const StationaryState theory = stationary_state(model, *rule, *law, 2, eta);

    const auto engine = make_linear_engine(model, dynamics(c.rule, c.law, 2, eta, 17), true);
    constexpr Index replicas = 64;
    RowMatrix states(replicas, engine->state_size());
    for (std::uint32_t i = 0; i < replicas; ++i) engine->initialize(i, states.row(i).data());
    const Index r = model.rank();
    const Vector root = model.spectrum().cwiseSqrt();
    std::vector<double> trace, loss, gradient;
    for (std::uint32_t step = 0; step < 8400; ++step) {
      engine->advance(step, 0, replicas, states.data());
      if (step < 400) continue;
      const RowMatrix x = states.leftCols(r);
      trace.push_back(x.squaredNorm() / replicas);
      loss.push_back(0.5 * (x * root.asDiagonal()).squaredNorm() / replicas);
      gradient.push_back((x * model.spectrum().asDiagonal()).squaredNorm() / replicas);
    }
    const auto check = [](const std::vector<double>& series, double expected) {
      const BatchMeans measured = batch_means(series, 32);
      CAPTURE(measured.mean, expected, measured.standard_error);
      CHECK(measured.standard_error < 0.01 * expected);
      CHECK(std::abs(measured.mean - expected) < 4.5 * measured.standard_error);
    };
    check(trace, theory.trace);
    check(loss, theory.excess_loss);
    check(gradient, theory.gradient_norm_squared);
  }
}
