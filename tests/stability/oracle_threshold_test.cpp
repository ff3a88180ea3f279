// Thresholds and growth rates of the library against the brute-force second moment: all rules × laws × outputs.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/stability/closed_form.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"
#include "oracle/second_moment.hpp"

using oracle::Example;
using oracle::Rule;

namespace {

double smallest_step(const Example& example) {
  return 1e-3 / oracle::symmetric_eigenvalues(example.mean_hessian()).maxCoeff();
}

/// η* and ln ρ at multiples of it, both ways.
void check_cell(const Example& example, const brink::LinearizedModel& model, const Rule& cell,
                const std::string& law_name, int batch_size) {
  INFO(example.name << ", " << cell.label() << ", " << law_name << " B=" << batch_size);
  const auto rule = cell.make();
  const auto law = brink::make_batch_law(law_name);
  const auto moment = oracle::second_moment_of(law_name, example.hessians(), batch_size, cell.reference());
  const double expected = oracle::threshold(moment, smallest_step(example));
  REQUIRE(expected > 0);
  brink::TransferBasis basis(model);  // as a table shares it among its cells
  const auto found = brink::mean_square_threshold(model, *rule, *law, batch_size, &basis);
  CHECK(found.eta == Approx(expected).epsilon(1e-8));
  for (const double ratio : {0.2, 0.9, 1.1, 3.0, 40.0}) {
    INFO("eta/eta* = " << ratio);
    const double eta = ratio * expected;
    const double growth = oracle::log_growth(moment(eta));
    const auto measured = brink::mean_square_growth(model, *rule, *law, batch_size, eta);
    CHECK(measured.log_growth == Approx(growth).margin(1e-8));
    CHECK(measured.stable == (ratio < 1));
    CHECK(brink::mean_square_growth(model, *rule, *law, batch_size, eta, &basis).log_growth ==
          Approx(growth).margin(1e-8));
  }
}

std::vector<Example> small_models() {
  return {oracle::three_rows(), oracle::random_rows(4, 2, 2, 41), oracle::random_rows(3, 2, 3, 42)};
}

std::vector<Example> larger_models() {
  return {oracle::random_rows(5, 3, 1, 43), oracle::random_rows(4, 3, 2, 44), oracle::random_rows(3, 3, 3, 45),
          oracle::random_indefinite(4, 2, 48), oracle::random_indefinite(5, 3, 47)};
}

}  // namespace

TEST_CASE("thresholds and growth rates are those of the brute-force second moment", "[fast][stability][oracle]") {
  for (const auto& example : small_models()) {
    const auto model = example.model();
    for (const auto& rule : oracle::all_rules())
      for (const auto& law : oracle::all_laws()) check_cell(example, model, rule, law, 2);
  }
}

TEST_CASE("growth just above that without noise is found from a shared basis too", "[fast][stability][oracle]") {
  // The slow direction grows by millionths more than without noise, and the vector that leads elsewhere misses it.
  const Example example{"slow and fast", oracle::Matrix{{5, 1}, {0, 0.2}}};
  const auto model = example.model();
  const Rule cell = oracle::heavy_ball(0.99);
  const auto rule = cell.make();
  const auto law = brink::make_batch_law("bernoulli");
  const auto moment = oracle::second_moment_of("bernoulli", example.hessians(), 1, cell.reference());
  brink::TransferBasis basis(model);
  (void)brink::mean_square_threshold(model, *rule, *law, 1, &basis);
  for (int i = 0; i < 40; ++i) {
    const double eta = 3e-4 * std::pow(1.04, i);
    INFO("eta = " << eta);
    const double found = brink::mean_square_growth(model, *rule, *law, 1, eta, &basis).log_growth;
    CHECK(found == Approx(oracle::log_growth(moment(eta))).margin(1e-10));
  }
}

TEST_CASE("thresholds and growth rates of larger and indefinite models are those of the brute-force second moment",
          "[slow][stability][oracle]") {
  for (const auto& example : larger_models()) {
    const auto model = example.model();
    for (const auto& rule : oracle::all_rules())
      for (const auto& law : oracle::all_laws()) {
        if (law == "gaussian" && example.signs.size() != 0) continue;  // rows a ~ N(0, H) have positive curvature
        for (const int batch_size : {1, example.samples() - 1}) check_cell(example, model, rule, law, batch_size);
      }
  }
}

TEST_CASE("thirty samples, second moment from (p1, p2)", "[fast][stability][oracle]") {
  const Example example = oracle::random_rows(30, 2, 1, 51);
  const auto model = example.model();
  const auto hessians = example.hessians();
  const double n = 30, b = 4;
  for (const auto& cell : {oracle::heavy_ball(0.9), oracle::nesterov(0.9)}) {
    const auto check = [&](const std::string& law, double p1, double p2) {
      INFO(cell.label() << " " << law);
      const auto moment = [&](double eta) {
        return oracle::second_moment_by_coefficients(hessians, p1, p2, cell.reference(), eta);
      };
      const auto found = brink::mean_square_threshold(model, *cell.make(), *brink::make_batch_law(law), 4);
      CHECK(found.eta == Approx(oracle::threshold(moment, smallest_step(example))).epsilon(1e-9));
    };
    check("without-replacement", (n - b) / (b * (n - 1)), (n - b) / (b * (n - 1)));
    check("with-replacement", 1 / b, 1 / b);
    check("bernoulli", (1 - b / n) / b, 0);
  }
}

TEST_CASE("the sign of the growth turns within 1e-8 of the threshold", "[fast][stability]") {
  for (const auto& example : small_models()) {
    const auto model = example.model();
    for (const auto& cell : oracle::all_rules())
      for (const auto& law_name : oracle::all_laws()) {
        INFO(example.name << ", " << cell.label() << ", " << law_name);
        const auto rule = cell.make();
        const auto law = brink::make_batch_law(law_name);
        const double eta = brink::mean_square_threshold(model, *rule, *law, 1).eta;
        CHECK(brink::mean_square_growth(model, *rule, *law, 1, eta * (1 - 1e-8)).log_growth < 0);
        CHECK(brink::mean_square_growth(model, *rule, *law, 1, eta * (1 + 1e-8)).log_growth > 0);
      }
  }
}

TEST_CASE("momentum close to 1 and to −1", "[fast][stability][oracle]") {
  const Example example = oracle::three_rows();
  const auto model = example.model();
  const auto law = brink::make_batch_law("without-replacement");
  for (const double beta : {-0.999, -0.99, 0.99, 0.999}) {
    for (const auto& cell : {oracle::heavy_ball(beta), oracle::nesterov(beta)}) {
      INFO(cell.label());
      const auto moment = oracle::second_moment_of("without-replacement", example.hessians(), 2, cell.reference());
      const double expected = oracle::threshold(moment, 1e-6);
      CHECK(brink::mean_square_threshold(model, *cell.make(), *law, 2).eta == Approx(expected).epsilon(1e-8));
    }
    CHECK(brink::closed_form_threshold(model, *oracle::heavy_ball(beta).make(), *law, 2).eta ==
          Approx(brink::mean_square_threshold(model, *oracle::heavy_ball(beta).make(), *law, 2).eta).epsilon(1e-10));
  }
}
