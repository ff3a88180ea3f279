#pragma once
// What the linear theory takes from a network at a point θ: the Gauss–Newton rows A_k = R_k J_k, their Gram matrix AAᵀ
// and the gradients b_k = ∇ℓ_k of the samples. docs/theory.md, (1.1) and (1.2). In double precision, whatever the
// precision of the network.
//
// float and double. Every function throws InvalidInput, with the estimate, when its result would not fit in memory.

#include "brink/linalg/matrix.hpp"
#include "brink/network/objective.hpp"

namespace brink {

/// A of the samples of the batch: (|batch|·c) × p, sample-major. The divisor of the batch does not matter.
/// O(|batch|cp).
template <class Real>
[[nodiscard]] RowMatrix gauss_newton_rows(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta,
                                          const Batch& batch);

/// AAᵀ: (|batch|·c) × (|batch|·c), symmetric to the last bit. A is made in blocks of `block` samples (0: 256 MB of
/// them) and never whole; each block is differentiated once for every pair it is in. O((|batch|c)²p).
template <class Real>
[[nodiscard]] Matrix gauss_newton_gram(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta,
                                       const Batch& batch, Index block = 0);

/// ∇ℓ_k, one row a sample: |batch| × p. O(|batch|p).
template <class Real>
[[nodiscard]] RowMatrix sample_gradients(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta,
                                         const Batch& batch);

extern template RowMatrix gauss_newton_rows(const NetworkObjective<float>&, const VectorOf<float>&, const Batch&);
extern template RowMatrix gauss_newton_rows(const NetworkObjective<double>&, const VectorOf<double>&, const Batch&);
extern template Matrix gauss_newton_gram(const NetworkObjective<float>&, const VectorOf<float>&, const Batch&, Index);
extern template Matrix gauss_newton_gram(const NetworkObjective<double>&, const VectorOf<double>&, const Batch&, Index);
extern template RowMatrix sample_gradients(const NetworkObjective<float>&, const VectorOf<float>&, const Batch&);
extern template RowMatrix sample_gradients(const NetworkObjective<double>&, const VectorOf<double>&, const Batch&);

}  // namespace brink
