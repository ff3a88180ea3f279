#include "brink/simulation/measured_threshold.hpp"

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "brink/stability/mean_square.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

MeasuredThreshold measure(const LinearizedModel& model, const Dynamics& d, const SimulationOptions& options,
                          const Monitor& monitor = {}) {
  const double edge = d.rule->deterministic_edge() / model.lambda_max();
  return measure_threshold([&](const Dynamics& at) { return make_linear_engine(model, at); }, d, edge, options,
                           monitor);
}

}  // namespace

TEST_CASE("the measured threshold is the exact one", "[simulation]") {
  const LinearizedModel model = oracle::three_rows().model();
  struct Case {
    oracle::Rule rule;
    const char* law;
    Index batch_size;
    double exact;
  };
  const Case cases[] = {
      {oracle::sgd(), "without-replacement", 1, 0.576039492188993},
      {oracle::heavy_ball(0.5), "without-replacement", 1, 0.43179774766624},
      {oracle::heavy_ball(0.9), "without-replacement", 2, 0.42328015546237},
      {oracle::sgd(), "with-replacement", 2, 0.781507658557685},
      {oracle::sgd(), "bernoulli", 2, 0.872909817406041},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule.label(), c.law, c.batch_size);
    const auto measured = measure(model, dynamics(c.rule, c.law, c.batch_size, 0, 2), options(1024, 512, 64));
    CAPTURE(measured.eta.value, measured.eta.error, measured.lower, measured.upper, measured.runs);
    CHECK(std::abs(measured.eta.value - c.exact) < 4 * measured.eta.error);
    CHECK(measured.eta.error < 0.015 * c.exact);
    CHECK(measured.lower < measured.eta.value);
    CHECK(measured.eta.value < measured.upper);
    CHECK(measured.slope > 0);
    CHECK(measured.degrees_of_freedom > 7);
    CHECK(measured.eta.warnings.empty());
  }
}

TEST_CASE("other moments have other thresholds", "[simulation][fast]") {
  // a ∈ {1, 2}: the fourth moment leaves first, at 1.0946, before the second at 6/5.
  SimulationOptions fourth = options(512, 512, 32);
  fourth.moment = 4;
  const auto measured = measure(one_and_two(), dynamics(oracle::sgd(), "without-replacement", 1, 0), fourth);
  CHECK(std::abs(measured.eta.value - 1.09459760548) < 4 * measured.eta.error);
  CHECK(measured.eta.error < 0.01);
}

TEST_CASE("without noise the measured threshold is the edge", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  for (const oracle::Rule& rule : {oracle::sgd(), oracle::heavy_ball(0.5)}) {
    CAPTURE(rule.label());
    const double edge = rule.make()->deterministic_edge() / model.lambda_max();
    const auto measured = measure(model, dynamics(rule, "without-replacement", 3, 0), options(64, 512, 512));
    CHECK(measured.eta.value == Approx(edge).epsilon(2e-3));
  }
}

TEST_CASE("directions that barely decay do not hide the threshold", "[simulation]") {
  // λ_min is 1e-6 of λ_max: below the threshold growth is −1e-6 wherever it is measured.
  brink::RowMatrix rows{{1, 0, 0.001}, {1, 1, -0.001}, {0, 2, 0.0005}, {0.5, 0.5, 0.001}};
  const auto model = LinearizedModel::from_rows(rows, 1, 2.3e-16);
  // A parabola across the bend alone is off by three of its errors on average.
  int held = 0;
  for (const oracle::Rule& rule : {oracle::sgd(), oracle::heavy_ball(0.5)}) {
    const double exact = brink::mean_square_threshold(model, *rule.make(), *brink::make_batch_law("bernoulli"), 1).eta;
    for (const brink::Index replicas : {512, 1024}) {
      for (const std::uint64_t seed : {6, 7, 8, 9}) {
        const auto measured = measure(model, dynamics(rule, "bernoulli", 1, 0, seed), options(replicas, 512, 256));
        CAPTURE(rule.label(), replicas, seed, exact, measured.eta.value, measured.eta.error);
        CAPTURE(measured.lower, measured.upper);
        CHECK(std::abs(measured.eta.value - exact) < 3 * measured.eta.error);
        CHECK(measured.eta.error < 0.02 * exact);
        // Nor do they leave the interval open below.
        CHECK(measured.lower > 0.85 * exact);
        CHECK(measured.upper < 1.06 * exact);
        held += measured.lower < exact && exact < measured.upper ? 1 : 0;
      }
    }
  }
  CHECK(held >= 15);
}

TEST_CASE("measuring a threshold reports progress, repeats itself and checks the edge", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 0);
  std::vector<double> reported;
  Monitor monitor;
  monitor.progress = [&](double fraction) { reported.push_back(fraction); };
  const auto first = measure(model, d, options(64, 64, 8), monitor);
  CHECK(std::is_sorted(reported.begin(), reported.end()));
  CHECK(reported.back() == 1);
  const auto second = measure(model, d, options(64, 64, 8));
  CHECK(first.eta.value == second.eta.value);
  CHECK(first.lower == second.lower);
  const auto factory = [&](const Dynamics& at) { return make_linear_engine(model, at); };
  CHECK_THROWS_WITH(measure_threshold(factory, d, 0, options(64, 64, 8)), Catch::Contains("eta_start = 0"));
}
