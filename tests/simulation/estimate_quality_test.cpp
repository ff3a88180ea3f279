#include "brink/simulation/estimate_quality.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/second_moment.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

TEST_CASE("the bias of cloning is measured and removed", "[simulation]") {
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, kEta, 8);
  const auto make = [&](const Dynamics& own) { return make_linear_engine(model, own); };
  for (const Index replicas : {256, 64}) {
    const auto bias = population_bias(make, d, options(replicas, 20000, 100));
    CAPTURE(replicas, bias.log_growth.value, bias.log_growth.error, bias.bias, bias.bias_error);
    REQUIRE(bias.points.size() == 3);
    CHECK(bias.points[2].replicas == replicas / 4);
    CHECK(bias.points[2].runs == 4);
    // Few replicas fall short, visibly; what they are extrapolated to does not.
    CHECK(bias.points[2].log_growth < kSecondMoment - 5 * bias.points[2].standard_error);
    CHECK(bias.bias < -2 * bias.bias_error);
    CHECK(std::abs(bias.log_growth.value - kSecondMoment) < 4 * bias.log_growth.error);
    // The correction that a run makes for itself is the same bias.
    const auto engine = make_linear_engine(model, d);
    const auto single = cloning_growth(*engine, d, options(replicas, 20000, 100));
    CHECK(std::abs(single.bias_correction + bias.bias) <
          4 * std::hypot(bias.bias_error, single.bias_correction * std::sqrt(2 / single.degrees_of_freedom)));
  }
  CHECK_THROWS_AS(population_bias(make, d, options(7, 100, 0)), InvalidInput);
}

TEST_CASE("common random numbers sharpen differences between neighbouring step sizes", "[simulation]") {
  const LinearizedModel model = oracle::three_rows().model();
  const auto estimate = [&](double eta, std::uint64_t seed) {
    const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, eta, seed);
    return cloning_growth(*make_linear_engine(model, d), d, options(1024, 1024, 50));
  };
  const double apart = 0.005;
  // dΛ/dη between two step sizes, from Λ(2) of the dense second moment.
  const auto moment =
      oracle::second_moment_of("without-replacement", oracle::three_rows().hessians(), 1, oracle::sgd().reference());
  const double exact = oracle::log_growth(moment(kEta + apart)) - oracle::log_growth(moment(kEta));
  double squares = 0;
  double errors = 0;
  double reductions = 0;
  constexpr int runs = 12;
  for (int seed = 0; seed < runs; ++seed) {
    const auto difference = growth_difference(estimate(kEta, static_cast<std::uint64_t>(seed)),
                                              estimate(kEta + apart, static_cast<std::uint64_t>(seed)));
    squares += std::pow(difference.difference.value - exact, 2);
    errors += std::pow(difference.difference.error, 2);
    CHECK(difference.variance_reduction > 3);
    reductions += std::log(difference.variance_reduction);
    CHECK(std::abs(difference.difference.value - exact) < 4.5 * difference.difference.error);
  }
  CHECK(std::exp(reductions / runs) > 8);
  // The errors stated are those made: χ² with 12 degrees of freedom is in [0.18, 2.8] times 12 at level 1e-4.
  CHECK(squares < 2.8 * errors);
  CHECK(squares > 0.18 * errors);
  // Other seeds gain nothing.
  const auto independent = growth_difference(estimate(kEta, 100), estimate(kEta + apart, 101));
  CHECK(independent.variance_reduction < 4);
  GrowthEstimate empty;
  CHECK_THROWS_AS(growth_difference(empty, empty), InvalidInput);
}

TEST_CASE("a population that collapses says so", "[simulation][fast]") {
  // Fourth moments far beyond the threshold with four replicas.
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 1.0, 3);
  const auto engine = make_linear_engine(model, d);
  SimulationOptions few = options(4, 1024, 10);
  few.moment = 4;
  const auto collapsed = cloning_growth(*engine, d, few);
  CHECK(collapsed.effective_ancestors < 4);
  bool warned = false;
  for (const auto& warning : collapsed.log_growth.warnings)
    warned = warned || warning.find("ancestors") != std::string::npos;
  CHECK(warned);
  const auto many = cloning_growth(*engine, d, options(2048, 1024, 10));
  CHECK(many.log_growth.warnings.empty());
}
