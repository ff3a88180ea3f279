#pragma once
// The spectral density of a symmetric operator by stochastic Lanczos quadrature [Golub & Meurant 1994; Ubaru, Chen &
// Saad 2017, SIAM J. Matrix Anal. 38, 1075].
//
// For a random unit vector v, m steps of Lanczos give a tridiagonal matrix with eigenpairs (θ_i, y_i); the measure with
// mass (e₁ᵀy_i)² at θ_i is a Gauss quadrature of the spectral measure of v: exact for polynomials of degree 2m − 1. Its
// mean over v is the density of eigenvalues divided by their number.

#include <cstdint>
#include <vector>

#include "brink/linalg/eigen_solver.hpp"

namespace brink {

struct SpectralDensityOptions {
  Index probes = 8;       ///< random vectors, ≥ 2
  Index lanczos = 64;     ///< steps each, ≥ 1; fewer where the space ends
  Index points = 256;     ///< of the curve, ≥ 2
  double broadening = 0;  ///< standard deviation of the Gaussian that replaces each node; 0: 1% of the range
  std::uint64_t seed = 0;
};

struct SpectralDensity {
  Vector nodes;           ///< θ_i of all probes, ascending
  Vector weights;         ///< their masses; they add to 1
  Vector at;              ///< where the curve is given, ascending
  Vector density;         ///< of the broadened measure; integrates to 1 over the line
  Vector standard_error;  ///< of the density, between the probes
  double broadening = 0;
  Index products = 0;
};

/// Throws InvalidInput for options out of range or a product that is not finite. probes · lanczos products and
/// probes · lanczos² · dimension operations: every new vector is orthogonalized against all before it, twice.
[[nodiscard]] SpectralDensity spectral_density(const SymmetricOperator& op, const SpectralDensityOptions& options = {});

}  // namespace brink
