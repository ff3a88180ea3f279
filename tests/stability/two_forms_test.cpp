// The closed form and the transfer form share only the rows: wherever both apply they must agree.

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/stability/closed_form.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using oracle::Example;
using oracle::Rule;

namespace {

std::vector<Rule> rules_with_closed_form(double weight_decay) {
  std::vector<Rule> rules{oracle::sgd()};
  for (const double beta : {-0.5, 0.0, 0.5, 0.9, 0.99}) rules.push_back(oracle::heavy_ball(beta));
  Rule ema{"ema", {}};
  ema.parameters.momentum = 0.9;
  rules.push_back(ema);
  Rule dampened{"dampened", {}};
  dampened.parameters.momentum = 0.5;
  dampened.parameters.dampening = 0.3;
  rules.push_back(dampened);
  for (auto& rule : rules) rule.parameters.weight_decay = weight_decay;
  return rules;
}

void check_agreement(const brink::LinearizedModel& model, const Rule& rule, const std::string& law_name,
                     int batch_size) {
  INFO(rule.label() << " " << law_name << " B=" << batch_size);
  const auto law = brink::make_batch_law(law_name);
  const auto closed = brink::closed_form_threshold(model, *rule.make(), *law, batch_size);
  const auto transfer = brink::mean_square_threshold(model, *rule.make(), *law, batch_size);
  CHECK(closed.eta == Approx(transfer.eta).epsilon(1e-10));
  CHECK(closed.eta_deterministic == Approx(transfer.eta_deterministic).epsilon(1e-10));
  CHECK(closed.eta <= closed.eta_deterministic * (1 + 1e-10));
  CHECK(closed.residual <= 1e-10);
  CHECK(transfer.residual <= 1e-10);
  CHECK(closed.residual >= 0);
  CHECK(transfer.residual >= 0);
}

}  // namespace

TEST_CASE("both forms of the threshold agree for all laws, momenta and outputs", "[stability]") {
  for (const int outputs : {1, 2, 3})
    for (const double weight_decay : {0.0, 0.3}) {
      const Example example = oracle::random_rows(12, 6, outputs, static_cast<std::uint64_t>(outputs));
      const auto model = example.model();
      for (const auto& rule : rules_with_closed_form(weight_decay))
        for (const auto& law : oracle::all_laws())
          for (const int batch_size : {1, 3, 12}) check_agreement(model, rule, law, batch_size);
    }
}

TEST_CASE("both forms agree on samples with negative curvature", "[fast][stability]") {
  const auto model = oracle::random_indefinite(9, 4, 3).model();
  for (const double weight_decay : {0.0, 0.3})
    for (const auto& rule : rules_with_closed_form(weight_decay))
      for (const auto& law : oracle::finite_laws())
        for (const int batch_size : {1, 4}) check_agreement(model, rule, law, batch_size);
}

TEST_CASE("no error below rounding is claimed for samples with negative curvature", "[fast][stability]") {
  for (const std::uint64_t seed : {3U, 5U}) {
    const auto model = oracle::random_indefinite(6, 4, seed).model();
    for (const auto& rule : {oracle::sgd(), oracle::nesterov(0.9)})
      for (const auto& law : oracle::finite_laws()) {
        INFO(rule.label() << " " << law << " seed=" << seed);
        const auto found = brink::mean_square_threshold(model, *rule.make(), *brink::make_batch_law(law), 2);
        REQUIRE(found.eta > 0);
        CHECK(found.residual >= 1e-14);
        CHECK(found.residual < 1e-10);
      }
  }
}

TEST_CASE("both forms agree on larger models", "[slow][stability]") {
  for (const int outputs : {1, 3}) {
    const Example example = oracle::random_rows(120, 60, outputs, 77);
    const auto model = example.model();
    for (const double beta : {-0.5, 0.0, 0.9})
      for (const auto& law : oracle::all_laws())
        for (const int batch_size : {1, 16, 119}) check_agreement(model, oracle::heavy_ball(beta), law, batch_size);
  }
}

TEST_CASE("both forms agree on power-law spectra over eight decades", "[stability]") {
  const int n = 60, d = 30;
  oracle::Random random(6);
  Example example{"power law", random.normals(n, d)};
  for (int i = 0; i < d; ++i) example.rows.col(i) *= std::pow(10.0, -4.0 * i / (d - 1));
  const auto model = example.model();
  REQUIRE(model.rank() == d);
  REQUIRE(model.spectrum()[d - 1] < 1e-7 * model.spectrum()[0]);
  for (const double beta : {-0.5, 0.0, 0.9, 0.99})
    for (const auto& law : oracle::all_laws())
      for (const int batch_size : {1, 8, 59}) check_agreement(model, oracle::heavy_ball(beta), law, batch_size);
}

TEST_CASE("the closed form refuses rules it does not cover", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  const auto law = brink::make_batch_law("without-replacement");
  Rule quasi_hyperbolic{"qhm", {}};
  quasi_hyperbolic.parameters.momentum = 0.9;
  for (const auto& rule : {oracle::nesterov(0.9), quasi_hyperbolic})
    CHECK_THROWS_AS(brink::closed_form_threshold(model, *rule.make(), *law, 1), brink::InvalidInput);
}

TEST_CASE("batch sizes outside 1…n are refused", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  const auto rule = oracle::sgd().make();
  for (const auto& name : oracle::finite_laws()) {
    const auto law = brink::make_batch_law(name);
    for (const int batch_size : {-1, 0, 4}) {
      INFO(name << " B=" << batch_size);
      CHECK_THROWS_AS(brink::mean_square_threshold(model, *rule, *law, batch_size), brink::InvalidInput);
      CHECK_THROWS_AS(brink::closed_form_threshold(model, *rule, *law, batch_size), brink::InvalidInput);
      CHECK_THROWS_AS(brink::mean_square_growth(model, *rule, *law, batch_size, 0.1), brink::InvalidInput);
    }
  }
  const auto population = brink::LinearizedModel::from_spectrum(oracle::Vector{{2, 1}});
  CHECK_THROWS_AS(brink::mean_square_threshold(population, *rule, *brink::make_batch_law("gaussian"), 0),
                  brink::InvalidInput);
  CHECK_THROWS_AS(brink::mean_square_threshold(population, *rule, *brink::make_batch_law("bernoulli"), 1),
                  brink::InvalidInput);
}

TEST_CASE("step sizes below zero or not finite are refused, zero stands still", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  const auto law = brink::make_batch_law("without-replacement");
  const double bad[] = {-0.1, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()};
  for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9), oracle::nesterov(-0.5)}) {
    const auto rule = cell.make();
    for (const double eta : bad)
      CHECK_THROWS_AS(brink::mean_square_growth(model, *rule, *law, 1, eta), brink::InvalidInput);
    const auto still = brink::mean_square_growth(model, *rule, *law, 1, 0);
    CHECK(still.log_growth == Approx(0).margin(1e-14));
    CHECK(!still.stable);
    for (const double eta : {0.0, -0.1, 1e3})
      CHECK_THROWS_AS(brink::noise_kernel_norm(model, *rule, *law, 1, eta), brink::InvalidInput);
  }
}
