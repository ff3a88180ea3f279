#pragma once
// A network with data and a loss: every derivative of the contract in objective.hpp from one forward and one backward
// pass, written once.
//
// All quantities are truncated Taylor series in one direction: x(ε) = x₀ + εx₁ + ε²x₂ with θ(ε) = θ + εu. The reverse
// pass run on series gives ∇L(θ + εu) = ∇L + ε ∇²L u + ½ε² ∇³L(u, u): order 0 is the gradient, order 1 the exact
// Hessian-vector product (forward over reverse [Pearlmutter 1994]), order 2 the exact third derivative. Products of
// series are a few matrix products; activations need σ, σ', σ'', σ''' in closed form. Where an activation has a kink
// (ReLU at 0) the derivative is that of the left side.
//
// Cost of a pass of order K with B samples: 2B·p·{3, 8, 14} flops about, and O(chunk · widths) memory: batches are
// processed in chunks of fixed size, one after the other, so results do not depend on threads.

#include <memory>
#include <string>

#include "brink/network/layers.hpp"
#include "brink/network/objective.hpp"

namespace brink {

enum class LossKind {
  half_square,    ///< ½‖f − y‖², the sum over outputs
  cross_entropy,  ///< −Σ_j y_j ln softmax(f)_j, y a distribution (one-hot)
  log_cosh,       ///< Σ_j ln cosh(f_j − y_j), convex with slopes in (−1, 1)
};

/// "square", "cross-entropy" or "log-cosh"; throws InvalidInput for anything else.
[[nodiscard]] LossKind loss_kind(const std::string& name);

/// inputs: n × network.inputs; targets: n × network.outputs. A leading part without parameters (random features) is
/// evaluated once. Throws InvalidInput for wrong shapes, numbers that are not finite, targets of the cross-entropy that
/// are no distribution, and what check_network refuses. Large products are OpenBLAS's: call use_single_threaded_blas()
/// before, or results depend in their last bits on its number of threads; on processors that it does not know,
/// OPENBLAS_CORETYPE in the environment chooses better kernels, as the program does for itself.
template <class Real>
[[nodiscard]] std::shared_ptr<const NetworkObjective<Real>> make_network_objective(const Network& network,
                                                                                   const RowMatrix& inputs,
                                                                                   const RowMatrix& targets,
                                                                                   LossKind loss);

extern template std::shared_ptr<const NetworkObjective<float>> make_network_objective(const Network&, const RowMatrix&,
                                                                                      const RowMatrix&, LossKind);
extern template std::shared_ptr<const NetworkObjective<double>> make_network_objective(const Network&, const RowMatrix&,
                                                                                       const RowMatrix&, LossKind);

}  // namespace brink
