// Stability that trajectories lose and win again, tail indices, and all Lyapunov exponents.

#include "brink/simulation/stable_scan.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/simulation/lyapunov_spectrum.hpp"
#include "brink/stability/exact_moments.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

LinearizedModel scalar(std::initializer_list<double> curvatures) {
  RowMatrix rows(static_cast<Index>(curvatures.size()), 1);
  Index k = 0;
  for (const double curvature : curvatures) rows(k++, 0) = std::sqrt(curvature);
  return LinearizedModel::from_rows(rows, 1, 2.3e-16);
}

EngineFactory engines(const LinearizedModel& model) {
  return [&model](const Dynamics& at) { return make_linear_engine(model, at); };
}

std::vector<ScannedGrowth> scan(const LinearizedModel& model, Dynamics d, const SimulationOptions& options,
                                const std::vector<double>& etas) {
  std::vector<ScannedGrowth> points;
  for (const double eta : etas) {
    d.eta = eta;
    points.push_back({eta, moment_growth(*make_linear_engine(model, d), d, options).log_growth});
  }
  return points;
}

std::vector<double> steps_up_to(double end, int count) {
  std::vector<double> etas;
  for (int i = 1; i <= count; ++i) etas.push_back(end * i / count);
  return etas;
}

}  // namespace

TEST_CASE("an almost surely stable island is found", "[simulation]") {
  const auto model = scalar({0.2, 3.8});
  const auto d = dynamics(oracle::sgd(), "without-replacement", 1, 0, 5);
  const SimulationOptions options{256, 512, 32, 0, 1};
  const auto steps = measured_stable_steps(engines(model), d, scan(model, d, options, steps_up_to(6, 30)), options);
  REQUIRE(steps.intervals.size() == 2);
  CHECK(steps.error_kind == ErrorKind::standard_error);
  CHECK_FALSE(steps.complete);
  const auto agrees = [](double value, double error, double exact) {
    CAPTURE(value, error, exact);
    CHECK(error > 0);
    CHECK(error < 0.01 * exact);
    CHECK(std::abs(value - exact) < 4 * error);
  };
  agrees(steps.intervals[0].upper, steps.intervals[0].upper_error, 0.559471612102);
  agrees(steps.intervals[1].lower, steps.intervals[1].lower_error, 4.703686282635);
  agrees(steps.intervals[1].upper, steps.intervals[1].upper_error, 5.263157894737);
  CHECK(steps.intervals[0].lower == 0);
  CHECK(steps.searched_to == 6);
}

TEST_CASE("thresholds of many moments are measured", "[simulation]") {
  const auto model = one_and_two();
  const auto d = dynamics(oracle::sgd(), "without-replacement", 1, 0, 6);
  const struct { double q, exact; } cases[] = {{4, 1.09459760548}, {2, 1.2}, {1, 4.0 / 3}, {0, 1.5}};
  for (const auto& c : cases) {
    CAPTURE(c.q);
    const SimulationOptions options{512, 512, 32, c.q, 1};
    const auto measured = measure_threshold(engines(model), d, 1, options);
    CAPTURE(measured.eta.value, measured.eta.error);
    CHECK(std::abs(measured.eta.value - c.exact) < 4 * measured.eta.error);
    CHECK(measured.eta.error < 0.01);
    const auto between = measure_crossing(engines(model), d, 0.9 * c.exact, 1.1 * c.exact, options);
    CAPTURE(between.eta.value, between.eta.error);
    CHECK(std::abs(between.eta.value - c.exact) < 4 * between.eta.error);
    CHECK(between.lower < between.eta.value);
    CHECK(between.eta.value < between.upper);
  }
}

TEST_CASE("a scan that ends stable, and one that does not begin so", "[simulation][fast]") {
  const auto model = one_and_two();
  const auto d = dynamics(oracle::sgd(), "without-replacement", 1, 0, 7);
  const SimulationOptions options{128, 128, 16, 0, 1};
  const auto stable = measured_stable_steps(engines(model), d, scan(model, d, options, {0.3, 0.6}), options);
  REQUIRE(stable.intervals.size() == 1);
  CHECK(stable.intervals[0].ends_with_search);
  CHECK(stable.intervals[0].upper == 0.6);
  const auto growing = measured_stable_steps(engines(model), d, scan(model, d, options, {2, 3}), options);
  REQUIRE(growing.intervals.size() == 1);
  CHECK(std::abs(growing.intervals[0].upper - 1.5) < 5 * growing.intervals[0].upper_error);
  CHECK_THROWS_AS(measured_stable_steps(engines(model), d, {}, options), InvalidInput);
  CHECK_THROWS_AS(measured_stable_steps(engines(model), d, scan(model, d, options, {2, 1}), options), InvalidInput);
  CHECK_THROWS_AS(measure_crossing(engines(model), d, 1, 1, options), InvalidInput);
}

TEST_CASE("the tail index is where the growth of moments changes its sign", "[simulation]") {
  const auto model = one_and_two();
  const SimulationOptions options{1024, 512, 32, 2, 1};
  const auto tail =
      measure_tail_index(engines(model), dynamics(oracle::sgd(), "without-replacement", 1, 1.3, 8), options);
  REQUIRE(tail.alpha.has_value());
  CAPTURE(tail.alpha->value, tail.alpha->error, tail.lower, tail.upper);
  CHECK(std::abs(tail.alpha->value - 1.21189652498) < 4 * tail.alpha->error);
  CHECK(tail.alpha->error < 0.02);
  CHECK(tail.lower < tail.alpha->value);
  CHECK(tail.alpha->value < tail.upper);
  const auto none =
      measure_tail_index(engines(model), dynamics(oracle::sgd(), "without-replacement", 1, 0.9, 8), options);
  CHECK_FALSE(none.alpha.has_value());
  CHECK(none.reason.find("no moment") == 0);
  const auto unstable =
      measure_tail_index(engines(model), dynamics(oracle::sgd(), "without-replacement", 1, 1.7, 8), options);
  CHECK(unstable.reason.find("the Lyapunov exponent") == 0);
}

TEST_CASE("three rows: cloning sees the exact second and fourth moment", "[simulation]") {
  const auto model = oracle::three_rows().model();
  const auto d = dynamics(oracle::sgd(), "without-replacement", 1, 0.65, 9);
  for (const auto& [q, exact] : {std::pair{2.0, 0.232287737857}, std::pair{4.0, 0.927214009454}}) {
    const SimulationOptions options{2048, 1024, 64, q, 1};
    const auto growth = moment_growth(*make_linear_engine(model, d), d, options).log_growth;
    CAPTURE(q, growth.value, growth.error);
    CHECK(std::abs(growth.value - exact) < 4 * growth.error);
    CHECK(growth.error < 3e-3);
  }
}

TEST_CASE("isotropic Gaussian rows: cloning and trajectories see the quadrature", "[simulation]") {
  const auto model = LinearizedModel::from_spectrum(Vector::Constant(3, 0.7));
  const auto d = dynamics(oracle::sgd(), "gaussian", 2, 1.1, 11);
  const ExactMoments exact(model, d.rule, d.law, 2);
  for (const double q : {0.0, 0.5, 1.0, 2.0, 3.0}) {
    const SimulationOptions options{1024, 1024, 32, q, 1};
    const auto growth = moment_growth(*make_linear_engine(model, d), d, options).log_growth;
    CAPTURE(q, growth.value, growth.error);
    CHECK(std::abs(growth.value - exact.log_growth(q, 1.1).value) < 4 * growth.error);
    CHECK(growth.error < 0.02);
  }
}

TEST_CASE("the exponents of heavy ball add up to d ln beta on every trajectory", "[simulation][fast]") {
  const auto model = oracle::random_rows(6, 3, 2, 930).model();
  for (const double beta : {0.9, -0.3}) {
    const auto d = dynamics(oracle::heavy_ball(beta), "bernoulli", 2, 0.07);
    const auto spectrum = lyapunov_spectrum(*make_linear_engine(model, d), {4, 50, 10, 0, 1});
    REQUIRE(spectrum.exponents.size() == 6);
    CHECK(spectrum.sum.value == Approx(3 * std::log(std::abs(beta))).epsilon(1e-11));
    CHECK(spectrum.sum.error < 1e-12);
  }
}

TEST_CASE("the exponents of SGD with one row a step add up to the mean log determinant", "[simulation][fast]") {
  const oracle::Example example = oracle::random_rows(5, 2, 1, 931);
  const auto model = example.model();
  const double eta = 0.8;
  double exact = 0;
  for (Index k = 0; k < 5; ++k) exact += std::log(std::abs(1 - eta * example.rows.row(k).squaredNorm())) / 5;
  const auto d = dynamics(oracle::sgd(), "without-replacement", 1, eta, 10);
  const auto engine = make_linear_engine(model, d);
  const auto spectrum = lyapunov_spectrum(*engine, {200, 200, 10, 0, 1});
  CAPTURE(spectrum.sum.value, spectrum.sum.error, exact);
  CHECK(std::abs(spectrum.sum.value - exact) < 4 * spectrum.sum.error);
  CHECK(spectrum.sum.error < 0.02);
  CHECK(spectrum.exponents[0].value > spectrum.exponents[1].value);
  const auto top = lyapunov_exponent(*engine, d, {400, 400, 50, 1, 1}).log_growth;
  CHECK(std::abs(top.value - spectrum.exponents[0].value) < 4 * std::hypot(top.error, spectrum.exponents[0].error));
}

TEST_CASE("all exponents do not depend on the number of threads", "[simulation][fast]") {
  const auto model = oracle::three_rows().model();
  const auto d = dynamics(oracle::sgd(), "with-replacement", 2, 0.5);
  const auto engine = make_linear_engine(model, d);
  const auto one = lyapunov_spectrum(*engine, {8, 20, 4, 0, 1});
  const auto two = lyapunov_spectrum(*engine, {8, 20, 4, 0, 2});
  for (std::size_t j = 0; j < 2; ++j) CHECK(one.exponents[j].value == two.exponents[j].value);
  CHECK_THROWS_AS(lyapunov_spectrum(*engine, {1, 20, 4, 0, 1}), InvalidInput);
}
