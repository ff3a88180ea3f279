#pragma once
// The step of a linear update rule with at most one buffer, entry by entry: what an objective needs to know of a rule
// in order to take its step on every parameter as soon as the gradient of that parameter is there.

#include "brink/linalg/matrix.hpp"

namespace brink {

/// m⁺ = mx x + mm m + mg g, then x⁺ = x + (xx x + xm m⁺ + xg g): parameter x, buffer m, gradient g. SGD is xg = −η;
/// heavy ball mm = β, mg = 1, xm = −η; weight decay κ adds κ mg to mx and κ xg to xx, which beside a 1 would be lost in
/// single precision.
template <class Real>
struct LinearStep {
  Real xx = 0, xm = 0, xg = 0;
  Real mx = 0, mm = 0, mg = 0;
};

/// Takes the step on `count` parameters with gradients g. m is null for a rule without buffer: mx, mm, mg and xm are
/// not read then. float and double.
template <class Real>
void take_step(const LinearStep<Real>& step, Index count, const Real* g, Real* x, Real* m);

}  // namespace brink
