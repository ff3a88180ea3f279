#pragma once
// The nonlinear eigenvalue problem of the transfer form, solved in a small subspace that grows as needed.
//
// With one unknown block q_k (c × c) a sample, the second moment grows by ρ where the symmetric map
//
//   M(s): q ↦ (p1/n) [ A_k (w(s) ∘ Σ_l A_lᵀ Σ_l q_l Σ_l A_l) A_kᵀ ]_k
//
// has top eigenvalue 1; s is the step size or the growth factor, and w the transfer kernel. The expensive half of M,
// q ↦ Y = Σ A_lᵀ Σ_l q_l Σ_l A_l, depends on the data alone. So a basis of vectors q_a stored with their images Y_a
// gives
//
//   ⟨q_a, M(s) q_b⟩ = (p1/n) ⟨Y_a, w(s) ∘ Y_b⟩
//
// for every s, update rule, batch size and batch law in O(r²): the root in s is found inside the subspace, and only its
// residual costs products with the rows. The Ritz value is accurate to the square of that residual. A basis filled by
// one cell of a grid serves the next, which then needs one or two products. For large models this basis lives in single
// precision, where all of it costs half, and one product in double turns what it finds into a result.

#include <functional>
#include <memory>

#include "brink/linalg/matrix.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/stability/transfer_kernel.hpp"

namespace brink {

struct TransferPoint {
  double eta = 0;
  double log_rho = 0;
};

struct TransferProblem {
  const TransferKernel* kernel = nullptr;
  std::function<TransferPoint(double s)> at;  ///< the path along which w is taken
  double p2 = 0;
  double noise_scale = 0;  ///< p1/n, > 0
  double guess = 0;        ///< where the search starts, < upper
  double upper = 0;        ///< the top eigenvalue must increase with s; s never exceeds this
};

struct TransferSolution {
  double s = 0;           ///< where the top eigenvalue is 1, or `upper`
  bool at_upper = false;  ///< the top eigenvalue stays below 1 up to `upper`
  double eigenvalue = 0;  ///< top Ritz value at s
  double slope = 1;       ///< its derivative in s, where s was searched
  double error = 0;       ///< a-posteriori error of s: Kato–Temple bound of the Ritz value over its slope
  double residual = 0;    ///< ‖Mq − μq‖ / ‖q‖
  double gap = 0;         ///< half the Ritz gap below the top eigenvalue, 0 when unknown
  RowMatrix vector;       ///< q, unit norm
  Matrix mode;            ///< X = w ∘ Y, the covariance of the leading mode with trace 1 (full symmetric matrix)
  RowMatrix blocks;       ///< A_k X A_kᵀ (n·c × c)
  Index products = 0;     ///< spent products in double precision (one gather and one spread each)
  bool converged = false;
  bool positive = false;  ///< X ⪰ 0 to rounding: by Krein–Rutman the eigenvalue found is then the leading one
};

template <class Scalar>
class TransferSpace;
enum class TransferTask;

class TransferBasis {
 public:
  /// The model must have finite samples and outlive the basis.
  explicit TransferBasis(const LinearizedModel& model);
  TransferBasis(TransferBasis&&) noexcept;
  TransferBasis& operator=(TransferBasis&&) noexcept;
  ~TransferBasis();

  /// The s at which λ_max(M(s)) = 1: docs/theory.md, (4.4) by way of (4.10).
  [[nodiscard]] TransferSolution solve(const TransferProblem& problem);

  /// λ_max(M(s)) at s = problem.guess.
  [[nodiscard]] TransferSolution top_eigenvalue_at(const TransferProblem& problem);

 private:
  TransferSolution run(const TransferProblem& problem, TransferTask task);

  const LinearizedModel* model_;
  std::unique_ptr<TransferSpace<double>> space_;
  std::unique_ptr<TransferSpace<float>> scout_;  ///< only for large models: what all cells together have learned
};

}  // namespace brink
