#pragma once
// Quadratics with a chosen population spectrum: what theory papers study.

#include <cstdint>
#include <string_view>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// λ_i = i^{-exponent}, i = 1…dimension.
[[nodiscard]] Vector power_law_spectrum(Index dimension, double exponent);

/// Sample rows a with E aaᵀ = diag(spectrum)/c, so that H_k = Σ over c rows has mean diag(spectrum):
///   "gaussian"   a = diag(λ/c)^{1/2} z, z standard normal;
///   "student-t"  a = diag(λ/c)^{1/2} z·√((ν−2)/χ²_ν), the multivariate Student t with ν = degrees_of_freedom > 2
///   scaled
///                to unit covariance: sample norms have tail index ν.
/// The Hessian of a finite sample is AᵀA/n, not the population's. Row i depends on (seed, i) alone, so a larger sample
/// extends a smaller one. Returns (samples·outputs) × dimension.
[[nodiscard]] RowMatrix quadratic_rows(const Vector& spectrum, Index samples, Index outputs, std::string_view rows,
                                       double degrees_of_freedom, std::uint64_t seed);

}  // namespace brink
