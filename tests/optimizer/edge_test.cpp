// The noise-free edge of every rule: closed forms, and a scan of the spectral radius of the recursion.

#include <catch2/catch.hpp>
#include <cmath>

#include "oracle/examples.hpp"

namespace {

double edge(const char* name, double momentum, double nu = 0.7, double dampening = 0) {
  return brink::make_update_rule(name, {momentum, nu, dampening, 0})->deterministic_edge();
}

double nesterov_edge(double beta) {
  return beta >= -1.0 / 3 ? 2 * (1 + beta) / (1 + 2 * beta) : 1 + 1 / std::abs(beta);
}

}  // namespace

TEST_CASE("the noise-free edge has its closed form for every momentum", "[fast][optimizer]") {
  CHECK(edge("sgd", 0) == Approx(2).epsilon(1e-12));
  for (const double beta : {-0.99, -0.9, -0.6, -0.5, -0.34, -0.33, -0.2, 0.0, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    INFO("beta=" << beta);
    CHECK(edge("heavy-ball", beta) == Approx(2 * (1 + beta)).epsilon(1e-11));
    CHECK(edge("nesterov", beta) == Approx(nesterov_edge(beta)).epsilon(1e-11));
    CHECK(edge("ema", beta) == Approx(2 * (1 + beta) / (1 - beta)).epsilon(1e-11));
    for (const double tau : {0.0, 0.3, 0.9}) {
      CHECK(edge("dampened", beta, 0.7, tau) == Approx(2 * (1 + beta) / (1 - tau)).epsilon(1e-11));
    }
  }
  CHECK(edge("ema", 0.9) == Approx(38).epsilon(1e-12));
}

TEST_CASE("the noise-free edge of quasi-hyperbolic momentum, 0 ≤ ν ≤ 1", "[fast][optimizer]") {
  for (const double beta : {0.0, 0.1, 0.5, 0.9, 0.99})
    for (const double nu : {0.0, 0.2, 0.5, 0.7, 1.0}) {
      INFO("beta=" << beta << " nu=" << nu);
      CHECK(edge("qhm", beta, nu) == Approx(2 * (1 + beta) / (1 + beta * (1 - 2 * nu))).epsilon(1e-11));
    }
}

TEST_CASE("the noise-free edge is where the spectral radius of the recursion reaches 1", "[fast][optimizer]") {
  for (const auto& name : {"sgd", "heavy-ball", "nesterov", "dampened", "ema", "qhm"})
    for (const double beta : {-0.9, -0.7, -0.4, -0.3, 0.0, 0.3, 0.8})
      for (const double nu : {0.1, 0.7, 0.95}) {
        const bool plain = std::string_view(name) == "sgd";
        if (plain && beta != 0) continue;
        brink::RuleParameters parameters;
        parameters.momentum = beta;
        if (std::string_view(name) == "qhm") parameters.nu = nu;
        if (std::string_view(name) == "dampened") parameters.dampening = nu;
        INFO(name << " beta=" << beta << " nu=" << parameters.nu << " dampening=" << parameters.dampening);
        const double expected = oracle::edge_by_scan(oracle::recursion(name, parameters), 0.01, 100);
        CHECK(brink::make_update_rule(name, parameters)->deterministic_edge() == Approx(expected).epsilon(1e-8));
      }
}

TEST_CASE("below the edge every curvature is stable, above it none nearby is", "[fast][optimizer]") {
  for (const auto& cell : oracle::all_rules()) {
    if (cell.parameters.weight_decay != 0) continue;
    INFO(cell.label());
    const auto rule = cell.make();
    const double limit = rule->deterministic_edge();
    for (int i = 1; i < 200; ++i) CHECK(oracle::spectral_radius(rule->transition(1, limit * i / 200)) < 1);
    CHECK(oracle::spectral_radius(rule->transition(1, limit * (1 + 1e-8))) > 1);
    // s = ηλ is all that matters.
    CHECK(oracle::spectral_radius(rule->transition(0.01, 100 * limit * (1 - 1e-8))) < 1);
    CHECK(oracle::spectral_radius(rule->transition(0.01, 100 * limit * (1 + 1e-8))) > 1);
  }
}
