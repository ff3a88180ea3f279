#include "brink/simulation/noise_free.hpp"

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "oracle/dense.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using simulation_test::dynamics;

TEST_CASE("without noise growth is the spectral radius of the filter", "[simulation][fast]") {
  const oracle::Example example = oracle::random_rows(9, 6, 2, 5);
  const LinearizedModel model = example.model();
  for (const oracle::Rule& rule : oracle::all_rules()) {
    for (const double eta : {0.05, 0.3, 2.0}) {
      CAPTURE(rule.label(), eta);
      const auto engine = make_linear_engine(model, dynamics(rule, "without-replacement", 9, eta));
      double radius = 0;
      for (const double lambda : model.spectrum()) {
        radius = std::max(radius, oracle::spectral_radius(rule.make()->transition(eta, lambda)));
      }
      CHECK(deterministic_log_growth(*engine) == Approx(std::log(radius)).epsilon(1e-12).margin(1e-12));
    }
  }
}

TEST_CASE("only a dynamics without noise has a deterministic growth", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const auto random = make_linear_engine(model, dynamics(oracle::sgd(), "without-replacement", 2, 0.1));
  CHECK_THROWS_WITH(deterministic_log_growth(*random), Catch::Contains("full batch"));
  const LinearizedModel one = LinearizedModel::from_rows(RowMatrix::Ones(1, 1), 1, 2.3e-16);
  const auto nilpotent = make_linear_engine(one, dynamics(oracle::sgd(), "bernoulli", 1, 1));
  CHECK_THROWS_AS(deterministic_log_growth(*nilpotent), NotConverged);
}
