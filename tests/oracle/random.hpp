#pragma once
// Random numbers of the references and of the example models: SplitMix64 [Steele, Lea & Flood 2014] and Box–Muller, so
// that no test depends on the streams of the library.

#include <cmath>
#include <cstdint>

#include "oracle/dense.hpp"

namespace oracle {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  [[nodiscard]] double uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }
  [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
  [[nodiscard]] int below(int bound) { return static_cast<int>(uniform() * bound); }
  [[nodiscard]] double normal() {
    return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586477 * uniform());
  }
  [[nodiscard]] Matrix normals(int rows, int columns) {
    Matrix out(rows, columns);
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) out(i, j) = normal();
    return out;
  }

 private:
  std::uint64_t state_;
};

/// A random orthogonal d × d matrix: Gram–Schmidt of Gaussian columns, twice.
[[nodiscard]] Matrix random_rotation(int d, Random& random);

}  // namespace oracle
