// Laws of the second moment on random models: shapes, rules, laws, batch sizes and momenta are all drawn. The seed of a
// failing model is printed.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/stability/closed_form.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"
#include "oracle/second_moment.hpp"

using oracle::Example;
using oracle::Random;
using oracle::Rule;

namespace {

struct Cell {
  Example example;
  Rule rule;
  std::string law;
  int batch_size = 1;
};

Cell random_cell(std::uint64_t seed, int largest_samples, int largest_dimension) {
  Random random(seed);
  const int n = 2 + random.below(largest_samples - 1), d = 1 + random.below(largest_dimension);
  const int c = 1 + random.below(3);
  Cell cell{oracle::random_rows(std::max(n, (d + c - 1) / c + 1), d, c, seed + 1000), {}, {}, 1};
  // Rows of very different lengths and directions of very different curvatures.
  for (int row = 0; row < cell.example.rows.rows(); ++row) cell.example.rows.row(row) *= std::exp(random.normal());
  for (int column = 0; column < d; ++column) cell.example.rows.col(column) *= std::exp(-random.uniform(0, 3));
  const auto rules = oracle::all_rules();
  cell.rule = rules[static_cast<std::size_t>(random.below(static_cast<int>(rules.size())))];
  if (cell.rule.name != "sgd") cell.rule.parameters.momentum = random.uniform(-0.95, 0.95);
  const auto laws = oracle::all_laws();
  cell.law = laws[static_cast<std::size_t>(random.below(4))];
  cell.batch_size = 1 + random.below(cell.example.samples());
  return cell;
}

std::string describe(const Cell& cell, std::uint64_t seed) {
  return "seed " + std::to_string(seed) + ": " + cell.example.name + ", " + cell.rule.label() + ", " + cell.law +
         " B=" + std::to_string(cell.batch_size);
}

}  // namespace

TEST_CASE("random small models: threshold and growth are those of the brute-force second moment",
          "[slow][stability][oracle]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Cell cell = random_cell(seed, 4, 3);
    INFO(describe(cell, seed));
    const auto model = cell.example.model();
    const auto rule = cell.rule.make();
    const auto law = brink::make_batch_law(cell.law);
    const auto moment =
        oracle::second_moment_of(cell.law, cell.example.hessians(), cell.batch_size, cell.rule.reference());
    const double expected = oracle::threshold(moment, 1e-3 / model.lambda_max());
    REQUIRE(expected > 0);
    CHECK(brink::mean_square_threshold(model, *rule, *law, cell.batch_size).eta == Approx(expected).epsilon(1e-8));
    const double eta = expected * std::exp(Random(seed).uniform(-2, 4));
    CHECK(brink::mean_square_growth(model, *rule, *law, cell.batch_size, eta).log_growth ==
          Approx(oracle::log_growth(moment(eta))).margin(1e-8));
  }
}

TEST_CASE("random models: threshold, growth and noise-kernel norm tell one story", "[fast][stability]") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const Cell cell = random_cell(seed, 30, 8);
    INFO(describe(cell, seed));
    const auto model = cell.example.model();
    const auto rule = cell.rule.make();
    const auto law = brink::make_batch_law(cell.law);
    const auto found = brink::mean_square_threshold(model, *rule, *law, cell.batch_size);
    CHECK(found.eta > 0);
    CHECK(found.eta <= found.eta_deterministic * (1 + 1e-12));
    const double below = found.eta * Random(seed).uniform(0.2, 0.999);
    const double above = found.eta * Random(seed).uniform(1.001, 5);
    const auto stable = brink::mean_square_growth(model, *rule, *law, cell.batch_size, below);
    const auto unstable = brink::mean_square_growth(model, *rule, *law, cell.batch_size, above);
    CHECK(stable.log_growth < 0);
    CHECK(stable.stable);
    CHECK(unstable.log_growth > 0);
    CHECK(!unstable.stable);
    CHECK(brink::noise_kernel_norm(model, *rule, *law, cell.batch_size, below) < 1);
    if (found.critical_mode.size() != 0) {
      CHECK(found.critical_mode.trace() == Approx(1).epsilon(1e-10));
      CHECK(oracle::symmetric_eigenvalues(found.critical_mode)[0] >= -1e-10);
    }
  }
}

TEST_CASE("random models: a larger batch never lowers the threshold of plain SGD", "[stability]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Example example = random_cell(seed, 12, 5).example;
    const auto model = example.model();
    for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.8)})
      for (const auto& law_name : oracle::all_laws()) {
        INFO("seed " << seed << " " << rule.label() << " " << law_name);
        const auto law = brink::make_batch_law(law_name);
        double previous = 0;
        for (int batch_size = 1; batch_size <= example.samples(); ++batch_size) {
          const double eta = brink::mean_square_threshold(model, *rule.make(), *law, batch_size).eta;
          CHECK(eta >= previous * (1 - 1e-10));
          previous = eta;
        }
      }
  }
}

TEST_CASE("random models: what a basis learned on one cell does not change the next", "[stability]") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Example example = random_cell(seed, 12, 5).example;
    const auto model = example.model();
    brink::TransferBasis basis(model);
    for (const auto& cell : oracle::all_rules())
      for (const auto& law_name : oracle::all_laws()) {
        INFO("seed " << seed << " " << cell.label() << " " << law_name);
        const auto rule = cell.make();
        const auto law = brink::make_batch_law(law_name);
        const auto alone = brink::mean_square_threshold(model, *rule, *law, 2);
        const auto warm = brink::mean_square_threshold(model, *rule, *law, 2, &basis);
        CHECK(warm.eta == Approx(alone.eta).epsilon(1e-10));
        CHECK(brink::mean_square_growth(model, *rule, *law, 2, 1.5 * alone.eta, &basis).log_growth ==
              Approx(brink::mean_square_growth(model, *rule, *law, 2, 1.5 * alone.eta).log_growth).margin(1e-10));
      }
  }
}
