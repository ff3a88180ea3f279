// Simulated losses against the recursion of the second moment and against known distributions.

#include "brink/simulation/loss_statistics.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/simulation/streaming.hpp"
#include "brink/stability/loss_curve.hpp"
#include "setting.hpp"

using brink::Vector;

namespace {

brink::LossStatisticsOptions statistics_options(brink::Index replicas, std::vector<brink::Index> steps) {
  brink::LossStatisticsOptions result;
  result.replicas = replicas;
  result.steps = std::move(steps);
  return result;
}

}  // namespace

TEST_CASE("streaming least squares has the expected loss, with and without label noise", "[simulation]") {
  const Vector spectrum{{2, 1, 0.5, 0.25}};
  double squares = 0;
  int scores = 0;
  for (const double irreducible : {0.0, 0.5})
    for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.6), oracle::nesterov(0.5)}) {
      const double eta = 0.15;
      const auto dynamics = simulation_test::dynamics(rule, "gaussian", 5, eta, 11);
      const auto engine = brink::make_streaming_engine(spectrum, dynamics, 2 * irreducible);
      const auto measured = brink::loss_statistics(*engine, spectrum, statistics_options(10000, {0, 1, 2, 5, 10, 30}));
      const auto curve = brink::gaussian_loss_curve(spectrum, *rule.make(), 5, eta, {30, irreducible});
      for (const auto& record : measured) {
        const double z = (record.mean - curve.loss[static_cast<std::size_t>(record.step)]) / record.standard_error;
        INFO(rule.label() << ", irreducible " << irreducible << ", step " << record.step << ", z = " << z);
        CHECK(std::abs(z) < 4.5);
        CHECK(record.lower <= record.median);
        CHECK(record.median <= record.upper);
        squares += z * z;
        ++scores;
      }
    }
  // Scores along a curve are correlated; on average they are still of size 1.
  CHECK(squares / scores < 2.5);
  CHECK(squares / scores > 0.3);
}

TEST_CASE("losses do not depend on the number of threads or on what else is recorded", "[fast][simulation]") {
  const Vector spectrum{{2, 1}};
  const auto dynamics = simulation_test::dynamics(oracle::sgd(), "gaussian", 2, 0.2, 5);
  const auto engine = brink::make_streaming_engine(spectrum, dynamics, 0.1);
  auto two = statistics_options(50, {0, 3, 8});
  two.threads = 2;
  const auto a = brink::loss_statistics(*engine, spectrum, statistics_options(50, {8}));
  const auto b = brink::loss_statistics(*engine, spectrum, two);
  CHECK(a[0].mean == b[2].mean);
  CHECK(a[0].upper == b[2].upper);
  CHECK(b[1].step == 3);
  CHECK(b[0].mean != b[1].mean);
}

TEST_CASE("the start has the loss asked for, equal in all directions", "[fast][simulation]") {
  const Vector spectrum{{4, 1, 1}};
  const auto dynamics = simulation_test::dynamics(oracle::sgd(), "gaussian", 1, 0.1, 3);
  const auto engine = brink::make_streaming_engine(spectrum, dynamics, 0);
  auto start = statistics_options(40000, {0});
  start.start_loss = 7;
  const auto measured = brink::loss_statistics(*engine, spectrum, start)[0];
  CHECK(std::abs(measured.mean - 7) < 4.5 * measured.standard_error);
  // The loss of a unit vector lies between λ_min/2 and λ_max/2, in units of its mean 1.
  CHECK(measured.lower > 3.5);
  CHECK(measured.upper < 14);
}

TEST_CASE("without label noise streaming is the engine of fresh Gaussian rows", "[fast][simulation]") {
  const Vector spectrum{{2, 1}};
  const auto dynamics = simulation_test::dynamics(oracle::heavy_ball(0.5), "gaussian", 3, 0.2, 9);
  const auto model = brink::LinearizedModel::from_spectrum(spectrum);
  const auto fresh = brink::make_linear_engine(model, dynamics);
  const auto streaming = brink::make_streaming_engine(spectrum, dynamics, 0);
  const auto a = brink::loss_statistics(*fresh, spectrum, statistics_options(20, {6}));
  const auto b = brink::loss_statistics(*streaming, spectrum, statistics_options(20, {6}));
  CHECK(a[0].mean == b[0].mean);
}

TEST_CASE("loss statistics refuse what they cannot do", "[fast][simulation]") {
  const Vector spectrum{{2, 1}};
  const auto dynamics = simulation_test::dynamics(oracle::sgd(), "gaussian", 2, 0.2, 5);
  const auto engine = brink::make_streaming_engine(spectrum, dynamics, 0);
  CHECK_THROWS_AS(brink::loss_statistics(*engine, spectrum, statistics_options(1, {3})), brink::InvalidInput);
  CHECK_THROWS_AS(brink::loss_statistics(*engine, spectrum, statistics_options(5, {})), brink::InvalidInput);
  CHECK_THROWS_AS(brink::loss_statistics(*engine, spectrum, statistics_options(5, {3, 2})), brink::InvalidInput);
  CHECK_THROWS_AS(brink::make_streaming_engine(spectrum, dynamics, -1), brink::InvalidInput);
  CHECK_THROWS_AS(brink::make_streaming_engine(spectrum, dynamics, std::nan("")), brink::InvalidInput);
}
