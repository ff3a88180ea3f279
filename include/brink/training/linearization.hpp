#pragma once
// The linearization of a network at a point, as arrays that every command of Brink reads: Gauss–Newton rows or their
// Gram matrix, whichever is smaller, and the gradients of the samples where they are not zero.

#include "brink/model/linearized_model.hpp"
#include "brink/network/objective.hpp"

namespace brink {

struct Linearization {
  RowMatrix rows;            ///< A: (n·c) × p, sample-major; empty when `gram` is there
  Matrix gram;               ///< AAᵀ: (n·c) × (n·c); empty when `rows` are there
  RowMatrix gradient_noise;  ///< b_k = ∇ℓ_k: n × p, or empty at a minimum that interpolates
  Index samples = 0;
  Index outputs = 1;
};

/// At `theta`, which should be a minimum. With `interpolates` (see MinimumCertificate) and n·c < p the Gram matrix is
/// computed in blocks, so that A never needs to fit in memory; gradient noise needs the rows, whatever their size.
/// O((nc)²p). Throws InvalidInput when the result does not fit in memory.
[[nodiscard]] Linearization linearize_network(const NetworkObjective<double>& objective, const Vector& theta,
                                              bool interpolates);

/// The model of theory and simulation. Throws InvalidInput when the gradient noise has a mean, that is, away from a
/// minimum.
[[nodiscard]] LinearizedModel linearized_model(const Linearization& linearization);

}  // namespace brink
