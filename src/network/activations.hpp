#pragma once
// σ and its first three derivatives in closed form.

#include <cmath>
#include <numbers>
#include <string>

namespace brink::network_detail {

enum class Activation { identity, tanh, relu, gelu, silu, erf };

/// Throws InvalidInput for an unknown name.
[[nodiscard]] Activation activation_of(const std::string& name);

template <class Real>
struct Jet {
  Real value, first, second, third;
};

/// `value` is σ(z), for those whose derivatives follow from it.
template <Activation kind, class Real>
[[nodiscard]] inline Jet<Real> jet(Real z, [[maybe_unused]] Real value) {
  if constexpr (kind == Activation::identity) {
    return {z, 1, 0, 0};
  } else if constexpr (kind == Activation::relu) {
    return {z > 0 ? z : Real(0), z > 0 ? Real(1) : Real(0), 0, 0};
  } else if constexpr (kind == Activation::tanh) {
    const Real d = 1 - value * value;
    return {value, d, -2 * value * d, 2 * d * (3 * value * value - 1)};
  } else if constexpr (kind == Activation::erf) {
    const Real d = static_cast<Real>(2 / std::sqrt(std::numbers::pi)) * std::exp(-z * z);
    return {std::erf(z), d, -2 * z * d, (4 * z * z - 2) * d};
  } else if constexpr (kind == Activation::gelu) {
    const Real cumulative = std::erfc(-z * static_cast<Real>(1 / std::numbers::sqrt2)) / 2;
    const Real density = std::exp(-z * z / 2) * static_cast<Real>(1 / std::sqrt(2 * std::numbers::pi));
    return {z * cumulative, cumulative + z * density, density * (2 - z * z), density * z * (z * z - 4)};
  } else {
    const Real s = 1 / (1 + std::exp(-z));
    const Real s1 = s * (1 - s);
    const Real s2 = s1 * (1 - 2 * s);
    const Real s3 = s2 * (1 - 2 * s) - 2 * s1 * s1;
    return {z * s, s + z * s1, 2 * s1 + z * s2, 3 * s2 + z * s3};
  }
}

}  // namespace brink::network_detail
