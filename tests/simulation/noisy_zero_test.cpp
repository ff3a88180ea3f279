#include "../../src/simulation/noisy_zero.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "oracle/random.hpp"

using namespace brink;

namespace {

constexpr double kSlope = 1;
constexpr double kError = 3e-4;  // of a full run

/// What growth does where a direction that decays at the rate `decay` outlives the critical one: convex, zero at 0.
double bent(double x, double decay, double time) {
  return (std::log(std::exp(time * kSlope * x) + std::exp(-time * decay)) - std::log1p(std::exp(-time * decay))) / time;
}

struct Tally {
  int covered = 0;
  double mean_z = 0;
  double mean_square_z = 0;
};

Tally tally(double decay, double time, int seeds) {
  oracle::Random random(3);
  Tally result;
  for (int seed = 0; seed < seeds; ++seed) {
    NoisyGrowth growth;
    growth.run = [&](double x, bool full) {
      const double error = full ? kError : kShortRunFactor * kError;
      return NoisyPoint{x, bent(x, decay, time) + error * random.normal(), error, 60};
    };
    growth.function = "test";
    growth.describe = [](double x) { return std::to_string(x); };
    growth.resolved = 2 / time;
    const NoisyZero zero = refine_zero(growth, search_from(growth, 0.3));
    const double z = zero.x / zero.standard_error;
    result.covered += zero.lower <= 0 && zero.upper >= 0;
    result.mean_z += z / seeds;
    result.mean_square_z += z * z / seeds;
  }
  return result;
}

}  // namespace

TEST_CASE("the zero of a straight growth rate, and of one that bends just below it", "[simulation][fast]") {
  constexpr int seeds = 300;
  constexpr double time = 2000;
  const double decay = GENERATE(1.0, 0.002, 0.001, 0.0005, 0.00015);
  const Tally result = tally(decay, time, seeds);
  CAPTURE(decay, result.covered, result.mean_z, result.mean_square_z);
  CHECK(result.covered >= 0.93 * seeds);
  CHECK(std::abs(result.mean_z) < 0.45);
  // Half of the way between two parabolas is a cautious error.
  CHECK(result.mean_square_z < (decay == 1.0 ? 1.4 : 0.6));
}
