#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "brink/base/error.hpp"
#include "brink/simulation/noise_free.hpp"
#include "brink/statistics/intervals.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

using Estimator = GrowthEstimate (*)(const Engine&, const Dynamics&, const SimulationOptions&, const Monitor&);

}  // namespace

TEST_CASE("cloning sees the exact growth of moments", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, kEta, 12);
  const auto engine = make_linear_engine(model, d);
  for (const auto& [moment, exact] : {std::pair{2.0, kSecondMoment}, {4.0, kFourthMoment}}) {
    const auto estimate = cloning_growth(*engine, d, options(4096, 512, 64, moment));
    CAPTURE(moment, estimate.log_growth.value, estimate.log_growth.error);
    CHECK(estimate.log_growth.error < 1.5e-3);
    CHECK(std::abs(score(estimate, exact)) < 4);
    CHECK(estimate.log_growth.warnings.empty());
    CHECK(estimate.trace.size() == 512);
    CHECK(estimate.effective_ancestors > 50);
    CHECK(estimate.effective_ancestors <= 4096);
  }
}

TEST_CASE("on a line every rate is elementary", "[simulation][fast]") {
  // a ∈ {1, 2}, η = 1.3: factors −0.3 and −1.6. Λ(q) = ln[(0.3^q + 1.6^q)/2], λ = (ln 0.3 + ln 1.6)/2.
  const LinearizedModel model = one_and_two();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 1.3, 4);
  const auto engine = make_linear_engine(model, d);

  const auto second = cloning_growth(*engine, d, options(2048, 512, 20));
  CHECK(std::abs(score(second, 0.281412459438)) < 4);
  CHECK(second.log_growth.error < 2e-3);

  const auto exponent = lyapunov_exponent(*engine, d, options(1024, 256, 20));
  CHECK(std::abs(score(exponent, -0.366984587540)) < 4);
  // The exponent of a replica is a mean of 256 independent steps of spread ln(1.6/0.3)/2.
  CHECK(exponent.log_growth.error == Approx(0.5 * std::log(1.6 / 0.3) / std::sqrt(256.0 * 1024)).epsilon(0.1));
  CHECK(exponent.degrees_of_freedom == 1023);
  CHECK(exponent.trace.empty());
}

TEST_CASE("a Lyapunov exponent whose run has not forgotten its start says so", "[simulation][fast]") {
  // Without a common step no direction mixes with another: ln|1 − η h| of the slower mode in the end, of the faster one
  // before.
  RowMatrix rows(4, 2);
  rows << 1, 0, 1.2, 0, 0, 0.1, 0, 0.12;
  const LinearizedModel model = LinearizedModel::from_rows(rows, 1, 2.3e-16);
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 0.1);
  const auto engine = make_linear_engine(model, d);
  const auto early = lyapunov_exponent(*engine, d, options(256, 256, 0)).log_growth;
  const double exact = 0.25 * (std::log(1 - 0.1 * 0.01) + std::log(1 - 0.1 * 0.0144));
  CHECK(early.value < exact - 10 * early.error);
  REQUIRE(early.warnings.size() == 1);
  CHECK(early.warnings[0].find("still changes along the run") != std::string::npos);
  const auto late = lyapunov_exponent(*engine, d, options(256, 256, 4000)).log_growth;
  CHECK(late.warnings.empty());
  CHECK(std::abs(late.value - exact) < 4 * late.error);
}

TEST_CASE("a plain average is right before its horizon and frozen after it, and says so", "[simulation]") {
  const LinearizedModel model = one_and_two();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 1.3, 5);
  const auto engine = make_linear_engine(model, d);
  constexpr Index replicas = 100'000;
  // T_c = ln N/(qΛ′(q) − Λ(q)) with Λ′(2) = [0.3² ln 0.3 + 1.6² ln 1.6]/[0.3² + 1.6²].
  const double slope = (0.09 * std::log(0.3) + 2.56 * std::log(1.6)) / 2.65;
  const double horizon = std::log(replicas) / (2 * slope - 0.281412459438);

  const auto early = ensemble_growth(*engine, d, options(replicas, 6, 0));
  CHECK(std::abs(score(early, 0.281412459438)) < 4);
  CHECK(early.log_growth.error < 0.01);
  CHECK(early.log_growth.warnings.empty());

  const auto late = ensemble_growth(*engine, d, options(replicas, 120, 0));
  CHECK(late.log_growth.value < 0);
  REQUIRE(late.log_growth.warnings.size() == 1);
  CHECK_THAT(late.log_growth.warnings[0], Catch::Contains("horizon"));
  CHECK(late.horizon == Approx(horizon).epsilon(0.25));
}

TEST_CASE("results are the same bytes for any number of threads", "[simulation][fast]") {
  const LinearizedModel model = oracle::random_rows(30, 7, 1, 3).model();
  const Dynamics d = dynamics(oracle::heavy_ball(0.5), "without-replacement", 2, 0.2);
  const auto engine = make_linear_engine(model, d);
  for (const Estimator estimator : {&cloning_growth, &ensemble_growth, &lyapunov_exponent}) {
    const auto one = estimator(*engine, d, options(300, 96, 10, 2, 1), {});
    for (const int threads : {2, 3}) {
      const auto many = estimator(*engine, d, options(300, 96, 10, 2, threads), {});
      CHECK(many.log_growth.value == one.log_growth.value);
      CHECK(many.log_growth.error == one.log_growth.error);
      CHECK(many.effective_ancestors == one.effective_ancestors);
      CHECK(many.trace == one.trace);
    }
  }
}

TEST_CASE("rescaling changes nothing: a plain average by hand", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  for (const double eta : {0.3, 3.0}) {
    const Dynamics d = dynamics(oracle::heavy_ball(0.3), "with-replacement", 2, eta);
    const auto engine = make_linear_engine(model, d);
    const auto estimate = ensemble_growth(*engine, d, options(64, 60, 0));
    RowMatrix states(64, engine->state_size());
    for (std::uint32_t i = 0; i < 64; ++i) engine->initialize(i, states.row(i).data());
    double last = 64;
    for (std::uint32_t step = 0; step < 60; ++step) {
      engine->advance(step, 0, 64, states.data());
      double total = 0;
      for (Index i = 0; i < 64; ++i) total += engine->squared_norm(states.row(i).data());
      CHECK(estimate.trace[step] == Approx(std::log(total / last)).epsilon(1e-10).margin(1e-13));
      last = total;
    }
  }
}

TEST_CASE("nothing overflows or underflows however long the run", "[simulation][fast]") {
  // Without noise the rate is known: 2 ln ρ over 4000 steps, far beyond the range of a double in both directions.
  const LinearizedModel model = oracle::three_rows().model();
  for (const double eta : {0.4, 40.0}) {
    const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 3, eta);
    const auto engine = make_linear_engine(model, d);
    const double exact = 2 * deterministic_log_growth(*engine);
    REQUIRE(std::abs(exact) * 4000 > 2000);
    for (const Estimator estimator : {&cloning_growth, &ensemble_growth}) {
      CHECK(estimator(*engine, d, options(32, 4000, 200), {}).log_growth.value == Approx(exact).epsilon(1e-9));
    }
    CHECK(2 * lyapunov_exponent(*engine, d, options(32, 4000, 200)).log_growth.value == Approx(exact).epsilon(1e-9));
  }
}

TEST_CASE("replicas that reach the minimum exactly", "[simulation][fast]") {
  // Orthogonal rows of norms 1 and 1, η = 1: each sample erases its direction. After both were drawn the state is zero.
  RowMatrix rows = RowMatrix::Identity(2, 2);
  const LinearizedModel model = LinearizedModel::from_rows(rows, 1, 2.3e-16);
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 1.0);
  const auto engine = make_linear_engine(model, d);
  // The second moment halves a step, carried by ever fewer replicas: cloning keeps them, a plain average loses them.
  const auto cloned = cloning_growth(*engine, d, options(4096, 256, 32));
  CHECK(std::abs(score(cloned, -std::log(2.0))) < 4);
  CHECK_THROWS_WITH(ensemble_growth(*engine, d, options(256, 200, 0)), Catch::Contains("minus infinity"));
  CHECK_THROWS_WITH(lyapunov_exponent(*engine, d, options(256, 200, 0)), Catch::Contains("minus infinity"));
  const auto some = lyapunov_exponent(*engine, d, options(4096, 4, 1));
  REQUIRE(some.log_growth.warnings.size() == 1);
  CHECK_THAT(some.log_growth.warnings[0], Catch::Contains("reached the minimum exactly"));
  CHECK(std::isfinite(some.log_growth.value));

  // All at once.
  const Dynamics full = dynamics(oracle::sgd(), "without-replacement", 2, 2.0);
  CHECK_THROWS_AS(cloning_growth(*make_linear_engine(model, full), full, options(16, 64, 0)), NotConverged);
}

TEST_CASE("a step size beyond all bounds is an error, not a number", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 1e200);
  CHECK_THROWS_WITH(cloning_growth(*make_linear_engine(model, d), d, options(16, 64, 0)),
                    Catch::Contains("overflowed"));
  CHECK_THROWS_WITH(lyapunov_exponent(*make_linear_engine(model, d), d, options(16, 64, 0)),
                    Catch::Contains("overflowed"));
}

TEST_CASE("options out of range are refused by name", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 0.1);
  const auto engine = make_linear_engine(model, d);
  CHECK_THROWS_WITH(cloning_growth(*engine, d, options(1, 100, 0)), Catch::Contains("cloning_growth: replicas = 1"));
  CHECK_THROWS_WITH(cloning_growth(*engine, d, options(10, 63, 0)), Catch::Contains("need 64 <= steps"));
  CHECK_THROWS_WITH(ensemble_growth(*engine, d, options(10, 0, 0)), Catch::Contains("ensemble_growth: steps = 0"));
  CHECK_THROWS_WITH(lyapunov_exponent(*engine, d, options(10, 9, -1)), Catch::Contains("burn_in = -1"));
  CHECK_THROWS_WITH(cloning_growth(*engine, d, options(10, 100, 0, 0)), Catch::Contains("moment = 0"));
  CHECK_THROWS_WITH(cloning_growth(*engine, d, options(10, 100, 0, 2, 0)), Catch::Contains("threads = 0"));
}

TEST_CASE("runs report progress and stop when asked", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 0.3);
  const auto engine = make_linear_engine(model, d);
  std::vector<double> reported;
  Monitor monitor;
  monitor.progress = [&](double fraction) { reported.push_back(fraction); };
  (void)cloning_growth(*engine, d, options(64, 64, 10), monitor);
  CHECK(reported.size() > 3);
  CHECK(std::is_sorted(reported.begin(), reported.end()));
  CHECK(reported.back() == 1);
  int calls = 0;
  monitor.interrupted = [&] { return ++calls > 5; };
  CHECK_THROWS_AS(cloning_growth(*engine, d, options(64, 64, 10), monitor), Interrupted);
  CHECK(calls < 20);
}
