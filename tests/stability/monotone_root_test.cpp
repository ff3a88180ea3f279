#include "brink/stability/monotone_root.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"

using namespace brink;

TEST_CASE("an increasing function is brought to 1 from either side, whatever slope is given", "[stability][fast]") {
  // f(s) = e^{2s}/(1 − e^{s−3}): a wall at 3, f = 1 just below 0.
  int evaluations = 0;
  const auto f = [&](double s) {
    ++evaluations;
    return std::exp(2 * s) / (1 - std::exp(s - 3));
  };
  double exact = 0;  // by bisection
  for (double low = -1, high = 0; high - low > 1e-16;) {
    exact = (low + high) / 2;
    if (exact == low || exact == high) break;
    (f(exact) < 1 ? low : high) = exact;
  }
  const double true_slope = (f(exact + 1e-6) - f(exact - 1e-6)) / 2e-6;
  for (const double start : {-8.0, -0.5, exact, 0.4, 2.5}) {
    evaluations = 0;
    const MonotoneRoot plain = monotone_root(f, start, f(start), 3 - 1e-9);
    const int without = evaluations;
    CHECK(std::abs(plain.s - exact) < 1e-15 + 4e-16);
    CHECK_FALSE(plain.at_upper);
    const double slope_here = (f(start + 1e-7) - f(start - 1e-7)) / 2e-7;
    for (const double factor : {1.0, 0.1, 10.0, 1e8, 1e-8, -1.0}) {
      CAPTURE(start, factor);
      evaluations = 0;
      const MonotoneRoot helped = monotone_root(f, start, f(start), 3 - 1e-9, 2e-16, factor * slope_here);
      CHECK(std::abs(helped.s - exact) < 1e-15 + 4e-16);
      CHECK_FALSE(helped.at_upper);
      if (factor == 1 && std::abs(start - exact) < 1) CHECK(evaluations <= without);
    }
  }
  // Its slope at the root comes for free.
  CHECK(monotone_root(f, -0.5, f(-0.5), 3 - 1e-9).slope == Approx(true_slope).epsilon(0.05));
  const double not_finite = std::numeric_limits<double>::infinity();
  CHECK(std::abs(monotone_root(f, -0.5, f(-0.5), 3 - 1e-9, 2e-16, not_finite).s - exact) < 2e-15);
}

TEST_CASE("a root that only the wall makes is found from the wall", "[stability][fast]") {
  // f rises to a plateau below 1, and a weak pole lifts it over 1 within millionths of the wall. The first step from
  // the wall lands where f is tiny, and secants across the bend between are short without being near the root.
  for (int i = 1; i <= 40; ++i)
    for (const double rate : {2.0, 2.3, 2.35, 2.4}) {
      const double wall = 1e-3 * i;
      const double strength = 3.9e-6;
      INFO("wall " << wall << ", rate " << rate);
      const auto f = [&](double s) {
        return 0.67 * std::exp(rate * (s - wall)) + strength * std::exp(9 * (s - wall)) / (wall + 1e-10 - s);
      };
      double low = wall - 1, high = wall;
      while (true) {
        const double middle = (low + high) / 2;
        if (middle == low || middle == high) break;
        (f(middle) < 1 ? low : high) = middle;
      }
      for (const double slope : {0.0, 1.0, 100.0}) {
        const MonotoneRoot root = monotone_root(f, wall, f(wall), wall, 2e-16, slope);
        CHECK_FALSE(root.at_upper);
        CHECK(std::abs(root.s - low) < 1e-15);
      }
    }
}

TEST_CASE("where the function stays below 1 the root is the wall", "[stability][fast]") {
  const auto f = [](double s) { return 0.5 * std::exp(s); };
  for (const double slope : {0.0, 0.1, 100.0}) {
    const MonotoneRoot root = monotone_root(f, -2, f(-2), 0.25, 2e-16, slope);
    CHECK(root.at_upper);
    CHECK(root.s == 0.25);
  }
}

TEST_CASE("a rough tolerance is not taken for more than it is", "[stability][fast]") {
  // Single precision: f is rounded to 1e-7.
  const auto f = [](double s) { return static_cast<double>(static_cast<float>(std::exp(1.5 * (s - 0.3)))); };
  const MonotoneRoot root = monotone_root(f, 0.1, f(0.1), 2, 1e-8, 1.2);
  CHECK(std::abs(root.s - 0.3) < 2e-7);
  CHECK(root.slope == Approx(1.5).epsilon(0.05));
}

TEST_CASE("a function that is not a finite number > 0 is refused", "[stability][fast]") {
  CHECK_THROWS_AS(monotone_root([](double) { return std::nan(""); }, 0, 0.5, 1), NotConverged);
  CHECK_THROWS_AS(monotone_root([](double) { return -1.0; }, 0, 0.5, 1), NotConverged);
}
