#pragma once
// The expected loss step by step, exactly, for any rule and batch law. With z = (x, buffers) of every mode obeying
// docs/theory.md, (2.1), the covariance Z of the whole state obeys, block by block of modes i and j,
//
//   Z_ij⁺ = A(λ_i) Z_ij A(λ_j)ᵀ + N(X)_ij b bᵀ,        X_ij = e₁ᵀ Z_ij e₁,        E L = ½ Σ_i λ_i X_ii,
//
// N the noise operator, docs/theory.md, (3.1). This is the dynamics itself, not its eigenvalues: the transient too.

#include <vector>

#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// E L_0 … E L_T, T = `steps` ≥ 0, of the homogeneous dynamics (gradient noise at the minimum is left out), in units of
/// its start: every direction with curvature has the same E x_i², buffers are zero, and E L_0 = 1. O(T (n c r² + k⁴
/// r²)) for k states. Throws InvalidInput for a step size that is negative or not finite, a model whose Hessian has no
/// positive trace, or a batch that the law does not draw; NotConverged when the loss leaves the range of numbers.
[[nodiscard]] std::vector<double> expected_loss_curve(const LinearizedModel& model, const UpdateRule& rule,
                                                      const BatchLaw& law, Index batch_size, double eta, Index steps);

}  // namespace brink
