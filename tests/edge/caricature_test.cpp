// The caricature of the edge of stability against its closed forms (claim D1: to 0.5–1%).

#include "brink/edge/caricature.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "brink/base/error.hpp"
#include "edge/polynomial.hpp"

using namespace brink;

namespace {

/// Upward crossings of S = S*, interpolated.
std::vector<double> crossings(const std::vector<CaricaturePoint>& path) {
  std::vector<double> times;
  for (std::size_t t = 1; t < path.size(); ++t)
    if (path[t - 1].y < 0 && path[t].y >= 0)
      times.push_back(static_cast<double>(t) - path[t].y / (path[t].y - path[t - 1].y));
  return times;
}

double log_growth(const Caricature& problem, Index steps) {
  const auto path = run_caricature(problem, {1.01 * problem.delta(), 0}, steps);
  // Over whole periods: h is not exactly conserved within one.
  const auto times = crossings(path);
  REQUIRE(times.size() > 3);
  const auto first = static_cast<std::size_t>(times.front());
  const auto last = static_cast<std::size_t>(times.back());
  const double h0 = conserved(problem, path[first]) - 0.5;
  const double h1 = conserved(problem, path[last]) - 0.5;
  return std::log(h1 / h0) / static_cast<double>(last - first);
}

}  // namespace

TEST_CASE("the caricature is the update rule on its loss", "[fast][edge]") {
  for (const double beta : {0.0, 0.7}) {
    const Caricature problem{{0.1, beta}, 0.3, 2.0};
    const auto loss = test::caricature_loss(problem.rule.critical_sharpness(), problem.a, problem.g);
    Vector theta(2);
    theta << 0.2, 0.15;
    Vector buffer = Vector::Zero(2);
    buffer << -2 * theta[0] / 0.1, -problem.a / (1 - beta);
    if (beta == 0) buffer.setZero();
    const auto path = run_caricature(problem, {theta[0], problem.g * theta[1]}, 40);
    for (std::size_t t = 0; t <= 40; ++t) {
      CHECK(path[t].x == Approx(theta[0]).epsilon(1e-10));
      CHECK(path[t].y == Approx(problem.g * theta[1]).epsilon(1e-10).margin(1e-12));
      Vector gradient(2);
      loss.gradient(theta, loss.all(), gradient);
      buffer = beta * buffer + gradient;
      theta -= 0.1 * buffer;
    }
  }
}

TEST_CASE("the caricature has the predicted period, overshoot and invariant", "[fast][edge]") {
  for (const double beta : {0.0, 0.5}) {
    CAPTURE(beta);
    // ε(1+β)/(1−β) is what must be small for the orbits to close.
    const Caricature problem{{0.001 * (1 - beta) * (1 - beta), beta}, 0.5, 1.5};
    const auto steps = static_cast<Index>(12 / problem.epsilon());
    // Near the fixed point.
    const auto small = run_caricature(problem, {1.02 * problem.delta(), 0}, steps);
    const auto times = crossings(small);
    REQUIRE(times.size() >= 2);
    const double period = (times.back() - times.front()) / static_cast<double>(times.size() - 1);
    CHECK(period == Approx(std::numbers::sqrt2 * std::numbers::pi / problem.epsilon()).epsilon(5e-3));
    CHECK(orbit_period(problem, 0.5 + 1e-6) ==
          Approx(std::numbers::sqrt2 * std::numbers::pi / problem.epsilon()).epsilon(1e-5));

    // Far from it.
    const CaricaturePoint start{0.1 * problem.delta(), 0};
    const double h = conserved(problem, start);
    const auto path = run_caricature(problem, start, steps);
    double highest = 0;
    double drift = 0;
    for (const auto& point : path) {
      highest = std::max(highest, point.y);
      drift = std::max(drift, std::abs(conserved(problem, point) - h));
    }
    CHECK(highest == Approx(largest_overshoot(problem, start.x)).epsilon(0.01));
    CHECK(drift < 0.05 * h);
    const auto far = crossings(path);
    REQUIRE(far.size() >= 2);
    CHECK(far[1] - far[0] == Approx(orbit_period(problem, h)).epsilon(0.01));
    CHECK(orbit_period(problem, h) > 1.05 * orbit_period(problem, 0.5 + 1e-6));
  }
}

TEST_CASE("the spirals of the caricature open at the predicted rate", "[fast][edge]") {
  for (const double beta : {0.0, 0.5, 0.9}) {
    CAPTURE(beta);
    // ε(1+β)/(1−β) is what must be small.
    const Caricature problem{{0.01 * (1 - beta) * (1 - beta), beta}, 1, 1};
    const auto steps = static_cast<Index>(60 / problem.epsilon());
    CHECK(log_growth(problem, steps) == Approx(spiral_growth(problem)).epsilon(0.03));
  }
}

TEST_CASE("the caricature refuses what it is not", "[fast][edge]") {
  const Caricature problem{{0.1, 0}, 1, 1};
  CHECK_THROWS_AS(run_caricature({{0.1, 0}, -1, 1}, {1, 0}, 3), InvalidInput);
  CHECK_THROWS_AS(run_caricature({{0.1, 1}, 1, 1}, {1, 0}, 3), InvalidInput);
  CHECK_THROWS_AS(run_caricature(problem, {1, 0}, 3, {0.1}), InvalidInput);
  CHECK_THROWS_AS(orbit_period(problem, 0.5), InvalidInput);
  CHECK_THROWS_AS(largest_overshoot(problem, 2 * problem.delta()), InvalidInput);
  CHECK(std::isinf(conserved(problem, {0, 0})));
}
