#pragma once
// The best rank-one lower bound of λ_max(C⁻¹(HXH + N)): the condition (24) of Mulayoff & Michaeli 2024,
//
//   f(v) = ((1−p2)(vᵀHv)² + p1 ⟨(vᵀH_kv)²⟩) / (vᵀHv · vᵀv)   ≤ 2/η*.

#include "brink/stability/noise_operator.hpp"

namespace brink {

/// f(v), v ≠ 0: the Rayleigh quotient of docs/theory.md, (4.7) at X = vvᵀ, β = 0. O(n c r).
[[nodiscard]] double rank_one_quotient(const NoiseOperator& noise, const Vector& v);

struct RankOneMaximum {
  double value = 0;
  double error = 0;             ///< relative, of this local maximum: square of the gradient
  Vector direction;             ///< v, unit norm
  Index starts = 0;             ///< how many starts were followed to a local maximum
  Index starts_at_maximum = 0;  ///< how many of them ended at the largest one (relative difference < 1e-8)
};

/// max f, which bounds 2/η* of docs/theory.md, (4.7) from below, over v in the span of the first `leading` eigenvectors
/// of H. f is not concave: conjugate gradients on the sphere with a global search along every great circle, from the
/// leading eigenvectors of H and of H² + N(I), the longest rows and random directions. A local maximum is a valid bound
/// in any case. O(starts · iterations · n c r).
[[nodiscard]] RankOneMaximum rank_one_maximum(const NoiseOperator& noise, Index leading);

}  // namespace brink
