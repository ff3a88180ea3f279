#pragma once
// A loss replaced by its second-order expansion at a point θ₀, sample by sample, so that training can go on as if the
// curvature had frozen there:
//
//   quadratic      ℓ_k(θ) ≈ ℓ_k(θ₀) + ∇ℓ_k(θ₀)ᵀx + ½ xᵀ∇²ℓ_k(θ₀)x,       x = θ − θ₀;
//   Gauss–Newton   the same with J_kᵀS_kJ_k instead of ∇²ℓ_k: for half squares, training of the network whose outputs
//                  are linearized at θ₀.
//
// Every function costs one gradient and one Hessian- or Gauss–Newton-vector product of the loss at θ₀, on the same
// batch.

#include <memory>
#include <string_view>

#include "brink/network/objective.hpp"

namespace brink {

enum class LocalModelKind { quadratic, gauss_newton };

/// "quadratic" or "gauss-newton"; throws InvalidInput for another name.
[[nodiscard]] LocalModelKind local_model_kind_of(std::string_view name);
[[nodiscard]] std::string_view to_string(LocalModelKind kind);

/// The expansion of `objective` (which must outlive it) at `point`. Throws InvalidInput for Gauss–Newton when the
/// objective is no NetworkObjective, and for a point of another length. float and double.
template <class Real>
[[nodiscard]] std::unique_ptr<Objective<Real>> make_local_model(const Objective<Real>& objective, LocalModelKind kind,
                                                                VectorOf<Real> point);

}  // namespace brink
