#pragma once
// How often something happened against how often it was announced to.

#include <catch2/catch.hpp>
#include <limits>

#include "brink/statistics/intervals.hpp"
#include "oracle/random.hpp"

namespace calibration {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// One-sided false-alarm rate of a check that a rate is at most, or at least, what was announced.
inline constexpr double kDoubt = 1e-4;

/// Fails when the counts show that the probability exceeds `most`.
inline void check_at_most(int count, int trials, double most) {
  CAPTURE(count, trials, most);
  CHECK(brink::binomial_at_least(count, trials, most) > kDoubt);
}

/// Fails when the counts show that the probability falls short of `least`.
inline void check_at_least(int count, int trials, double least) {
  CAPTURE(count, trials, least);
  CHECK(brink::binomial_at_most(count, trials, least) > kDoubt);
}

inline std::vector<double> normals(oracle::Random& random, int count, double mean = 0, double deviation = 1) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(mean + deviation * random.normal());
  return values;
}

/// y⁺ = φy + ξ, stationary, τ = (1+φ)/(1−φ), mean 0.
inline std::vector<double> autoregression(oracle::Random& random, double phi, int size) {
  std::vector<double> series;
  double y = random.normal() / std::sqrt(1 - phi * phi);
  for (int i = 0; i < size; ++i) {
    series.push_back(y);
    y = phi * y + random.normal();
  }
  return series;
}

}  // namespace calibration
