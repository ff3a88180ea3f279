#pragma once
// Every batch that a law can draw, with its probability: the definition of the law, by enumeration.

#include <string_view>
#include <utility>
#include <vector>

#include "oracle/dense.hpp"

namespace oracle {

struct Batch {
  double probability = 0;
  std::vector<int> samples;  ///< sorted, repeats allowed; empty is a batch too (the gradient is then zero)
};

/// All batches of `law`: the C(n, B) subsets ("without-replacement"), the n^B tuples with equal ones merged
/// ("with-replacement"), the 2^n subsets each sample joins with probability B/n ("bernoulli").
[[nodiscard]] std::vector<Batch> all_batches(std::string_view law, int samples, int batch_size);

/// (p1, p2) of E[H_B X H_B] = HXH + p1 (1/n) Σ_k H_k X H_k − p2 HXH, from the definition of a finite law.
[[nodiscard]] std::pair<double, double> law_coefficients(std::string_view law, double samples, double batch_size);

/// (1/B) Σ_{k in batch} matrices[k].
[[nodiscard]] Matrix batch_mean(const Batch& batch, int batch_size, const std::vector<Matrix>& matrices);

/// E[H_B²] and E[H_B³] over all batches.
struct HessianMoments {
  Matrix second;
  Matrix third;
};
[[nodiscard]] HessianMoments hessian_moments(const std::vector<Batch>& batches, int batch_size,
                                             const std::vector<Matrix>& hessians);

/// The same for B fresh rows a ~ N(0, H), H_B = (1/B) Σ a aᵀ: Isserlis' theorem, all pairings of the six (four)
/// factors.
[[nodiscard]] HessianMoments gaussian_hessian_moments(const Matrix& hessian, int batch_size);

/// E tr(E[H_B³] X) / tr(E[H_B²] X).
[[nodiscard]] double batch_sharpness(const HessianMoments& moments, const Matrix& covariance);

}  // namespace oracle
