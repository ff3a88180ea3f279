#pragma once
// A check that every derivative of an objective is that of its loss: difference quotients with step refinement, along
// random directions. For new models, and for the tests of those that are there.
//
// Central differences of the next lower derivative at steps h, h/2, h/4, …, extrapolated to h → 0 [Richardson 1911;
// Ridders 1982]: the error reported is the smallest that a pair of successive extrapolations reaches.

#include <cstdint>
#include <string>
#include <vector>

#include "brink/network/objective.hpp"

namespace brink {

struct DerivativeError {
  std::string quantity;   ///< "gradient", "hessian_product", "third_derivative", "jacobian", "gauss_newton"
  double error = 0;       ///< largest |derivative − quotient|, relative to the larger of the derivative and `scale`
  double resolution = 0;  ///< what the quotients can tell apart, relative to the same
};

/// Compares at θ along `directions` random directions: ∇L·w with the loss, ∇²L u with gradients, ∇³L(u, u) with
/// Hessian-vector products, and of a NetworkObjective Ju with outputs and AᵀA u/n with the Gauss–Newton product. In
/// double precision. Throws InvalidInput for a θ of another length.
[[nodiscard]] std::vector<DerivativeError> check_derivatives(const Objective<double>& objective, const Vector& theta,
                                                             const Batch& batch, int directions = 3,
                                                             std::uint64_t seed = 0);

}  // namespace brink
