#pragma once
// The losses, as series: ℓ and ∂ℓ/∂f along f(ε), and the curvature S = ∂²ℓ/∂f² of one sample.

#include "brink/network/network_objective.hpp"
#include "layer_pass.hpp"

namespace brink::network_detail {

/// Σ_k ℓ(f_k, y_k); `d` (unless null) becomes ∂ℓ/∂f · scale, as a series of the order of f. f, d: samples × c blocks.
template <class Real>
double loss_pass(LossKind kind, Index samples, Index outputs, const Series<Real>& f, const Real* targets, Real scale,
                 const Series<Real>* d);

/// out = scale · S v for each sample.
template <class Real>
void curvature_product(LossKind kind, Index samples, Index outputs, const Real* f, const Real* targets, const Real* v,
                       Real scale, Real* out);

/// Row j of R with RᵀR = S for each sample: seeds of the Gauss–Newton rows.
template <class Real>
void curvature_factor_row(LossKind kind, Index samples, Index outputs, Index j, const Real* f, const Real* targets,
                          Real* out);

}  // namespace brink::network_detail
