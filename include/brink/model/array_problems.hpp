#pragma once
// Problems given as arrays: per-sample output Jacobians, a Gram matrix, or per-sample Hessians. Each is data with two
// readings that share no arithmetic: linearize() makes the LinearizedModel, make_problem() the original problem on
// which real SGD runs.

#include <limits>
#include <memory>

#include "brink/model/linearized_model.hpp"
#include "brink/model/original_problem.hpp"

namespace brink {

/// ℓ_k(x) = s·[½ (J_k x)ᵀ S_k (J_k x) + b_kᵀ x], x = θ − θ*: output Jacobians J_k, output-loss curvature S_k (identity
/// for ½‖f − y‖², diag(π) − ππᵀ for softmax cross-entropy), gradients b_k of the samples at the minimum.
struct RowsData {
  RowMatrix rows;              ///< J: (n·c) × p, row k·c+j = output j of sample k
  Index outputs = 1;           ///< c
  RowMatrix output_curvature;  ///< S: (n·c) × c, block k = S_k, positive semidefinite; empty: identity
  RowMatrix gradient_noise;    ///< b: n × p; empty: the minimum interpolates
  double loss_scale = 1;       ///< s > 0
  double input_epsilon = std::numeric_limits<double>::epsilon();  ///< of the type the numbers came in
};

/// f_k = output k near the minimum, ℓ_k = ½ s f_kᵀ S_k f_k, seen in function space: a gradient step on θ moves f by
/// −η J ∇L = −(η/B) Σ_k K[:, k] s S_k f_k, so the Gram matrix K = JJᵀ is all that is needed.
struct GramData {
  Matrix gram;                 ///< K: (n·c) × (n·c), symmetric positive semidefinite
  Index outputs = 1;           ///< c
  RowMatrix output_curvature;  ///< as above
  double loss_scale = 1;
  double input_epsilon = std::numeric_limits<double>::epsilon();
};

/// ℓ_k(x) = s·[½ xᵀH_k x + b_kᵀ x].
struct HessiansData {
  RowMatrix hessians;        ///< (n·d) × d, block k = H_k, symmetric
  RowMatrix gradient_noise;  ///< n × d, or empty
  double loss_scale = 1;
  double input_epsilon = std::numeric_limits<double>::epsilon();
};

/// The linearized model: rows √s R_k J_k with S_k = R_kᵀR_k; the Gram matrix s R_k K_kl R_lᵀ; Hessians s H_k; gradient
/// noise s b_k. Throws InvalidInput for wrong shapes, an output curvature that is not symmetric positive semidefinite
/// (naming the sample and its worst eigenvalue), s ≤ 0, and what LinearizedModel refuses.
[[nodiscard]] LinearizedModel linearize(const RowsData& data);
[[nodiscard]] LinearizedModel linearize(const GramData& data);
[[nodiscard]] LinearizedModel linearize(const HessiansData& data);

/// The original problem; `model` is what linearize() made of the same data (it provides the range of H). The minimum is
/// 0. In function space (Gram) the state is f, `sum_of_gradients` is the movement Σ_k K[:, k] s S_k f_k of f.
[[nodiscard]] std::shared_ptr<const OriginalProblem> make_problem(RowsData data, const LinearizedModel& model);
[[nodiscard]] std::shared_ptr<const OriginalProblem> make_problem(GramData data, const LinearizedModel& model);
[[nodiscard]] std::shared_ptr<const OriginalProblem> make_problem(HessiansData data, const LinearizedModel& model);

}  // namespace brink
