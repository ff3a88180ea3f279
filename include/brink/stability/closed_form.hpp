#pragma once
// The closed form of the mean-square threshold for SGD and heavy ball (also dampened and EMA momentum, which are heavy
// ball at another step size):
//
//   η*(β, B) = 2(1−β) / λ_max(C⁻¹ D_β),   C(X) = ½(H'X + XH'),
//   D_β(X) = N(X) + (1+β²)/(1−β²)·H'XH' − β/(1−β²)·(H'²X + XH'²),   H' = H + κI,
//
// on symmetric X. β = 0 is [Mulayoff & Michaeli 2024, Thm 5]. Independent of the transfer form except for the rows G.

#include "brink/stability/mean_square.hpp"

namespace brink {

/// η* by the closed form, with its relative residual: docs/theory.md, (4.7). Throws InvalidInput when the rule is none
/// of sgd, heavy-ball, dampened, ema. The largest eigenvalue is the algebraic one, by Lanczos on r² numbers, O(n c r²)
/// a product.
[[nodiscard]] MeanSquareThreshold closed_form_threshold(const LinearizedModel& model, const UpdateRule& rule,
                                                        const BatchLaw& law, Index batch_size);

}  // namespace brink
