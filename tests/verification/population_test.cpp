#include "brink/verification/population.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/stability/mean_square.hpp"

using namespace brink;

namespace {

LinearPopulationPlan plan() {
  LinearPopulationPlan plan;
  plan.model = {{"kind", std::string("quadratic")},
                {"dimension", std::int64_t{2}},
                {"exponent", 1.0},
                {"samples", std::int64_t{6}}};
  plan.directory = ".";
  plan.cells = {{"sgd", {0, 0.7, 0, 0}, "without-replacement", 1},
                {"heavy-ball", {0.5, 0.7, 0, 0}, "without-replacement", 2}};
  return plan;
}

WantedColumns wanted(const std::vector<std::string>& texts) {
  WantedColumns columns;
  for (const auto& text : texts) columns.add(Expression::parse(text));
  return columns;
}

}  // namespace

TEST_CASE("columns of linear runs are those of the library", "[verification][fast]") {
  LinearPopulationPlan p = plan();
  p.eta_over_threshold = {0.5, 1.1};
  const auto runs = linear_population(
      p, 7, wanted({"eta_mean_square + lambda_max + log_growth", "threshold(\"mean\") + relative_noise + samples"}));
  REQUIRE(runs.size() == 4);
  OptionTable options = p.model;
  options["seed"] = std::int64_t{7};
  const LoadedModel model = load_model(options, ".");
  const auto rule = make_update_rule("heavy-ball", {0.5, 0.7, 0, 0});
  const auto law = make_batch_law("without-replacement");
  const auto threshold = mean_square_threshold(model.model, *rule, *law, 2);
  const Observation& run = runs[2];
  CHECK(run.seed == 7);
  CHECK(run.texts.at("rule") == "heavy-ball");
  // What earlier cells taught about the model changes the last digits.
  CHECK(run.numbers.at("eta_mean_square") == Approx(threshold.eta).epsilon(1e-9));
  CHECK(run.numbers.at("eta") == 0.5 * run.numbers.at("eta_mean_square"));
  CHECK(run.numbers.at("effective_rate") == Approx(run.numbers.at("eta") / 0.5));
  CHECK(run.numbers.at("threshold(\"mean\")") == Approx(threshold.eta_deterministic).epsilon(1e-12));
  CHECK(run.numbers.at("samples") == 6);
  CHECK(run.numbers.at("log_growth") < 0);
  CHECK(runs[3].numbers.at("log_growth") > 0);
  // ⟨‖g‖⁴⟩/‖H‖² − 1 of rank-one samples.
  const RowMatrix& g = model.model.samples().rows;
  const double fourth = g.rowwise().squaredNorm().array().square().mean();
  CHECK(run.numbers.at("relative_noise") == Approx(fourth / model.model.spectrum().squaredNorm() - 1));
}

TEST_CASE("seeds are other models, or the same with other batches", "[verification][fast]") {
  LinearPopulationPlan p = plan();
  p.replicas = 64;
  p.steps = 64;
  p.burn_in = 10;
  p.eta = {0.3};
  p.cells.resize(1);
  const auto columns = wanted({"lambda_max + measured_log_growth"});
  const auto number = [&](std::int64_t seed, const char* name) {
    return linear_population(p, seed, columns).front().numbers.at(name);
  };
  CHECK(number(1, "lambda_max") != number(2, "lambda_max"));
  const Observation run = linear_population(p, 1, columns).front();
  REQUIRE(run.standard_errors.size() == 1);  // what is computed has none
  CHECK(run.standard_errors.at("measured_log_growth") > 0);
  CHECK(number(1, "measured_log_growth") == number(1, "measured_log_growth"));
  p.vary_model = false;
  CHECK(number(1, "lambda_max") == number(2, "lambda_max"));
  CHECK(number(1, "measured_log_growth") != number(2, "measured_log_growth"));
}

TEST_CASE("step sizes at equal effective rate", "[verification][fast]") {
  LinearPopulationPlan p = plan();
  p.eta = {0.2};
  p.eta_is_effective = true;
  const auto runs = linear_population(p, 1, wanted({"eta + effective_rate"}));
  CHECK(runs[0].numbers.at("eta") == 0.2);
  CHECK(runs[1].numbers.at("eta") == Approx(0.1));
  CHECK(runs[1].numbers.at("effective_rate") == Approx(0.2));
  CHECK(runs[1].parameters.back() == "effective_rate");
}

TEST_CASE("a threshold that a cell does not have is no number, and its run is excluded with the reason",
          "[verification][fast]") {
  // Stated for SGD without momentum: the cell of heavy ball has none.
  const auto runs = linear_population(plan(), 1, wanted({"threshold(\"frobenius\") > threshold(\"mean\")"}));
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].failure.empty());
  CHECK(runs[0].numbers.at("threshold(\"frobenius\")") > 0);
  CHECK_THAT(runs[1].failure, Catch::StartsWith("not converged: ") && Catch::Contains("momentum"));
  const Expression where = Expression::parse("threshold(\"frobenius\") > 0 or rule == \"heavy-ball\"");
  for (const auto& run : runs) CHECK(where.truth(scope_of(run)));
  CHECK(std::isnan(runs[1].numbers.at("threshold(\"frobenius\")")));
}

TEST_CASE("columns that do not exist are named with the nearest", "[verification][fast]") {
  CHECK_THROWS_WITH(linear_population(plan(), 1, wanted({"eta_mean_squared"})), Catch::Contains("eta_mean_square"));
  CHECK_THROWS_AS(linear_population(plan(), 1, wanted({"log_growth"})), InvalidInput);
  CHECK_THROWS_AS(linear_population(plan(), 1, wanted({"eta"})), InvalidInput);
  CHECK_THROWS_AS(linear_population(plan(), 1, wanted({"tail(\"loss\")"})), InvalidInput);
  CHECK_THROWS_AS(linear_population(plan(), 1, wanted({"threshold(\"nothing\")"})), InvalidInput);
}
