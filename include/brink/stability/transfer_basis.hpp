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
// one cell of a grid serves the next, which then needs one or two products. The first cell of a large model finds its
// way in single precision, at half the cost, and only its end in double.

#include <functional>
#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/stability/sample_products.hpp"

namespace brink {

/// w at a parameter s: writes the lower triangle of an r × r matrix.
using WeightFunction = std::function<void(double s, Matrix& weights)>;

struct TransferProblem {
  WeightFunction weights;
  double noise_scale = 0;  ///< p1/n, > 0
  double guess = 0;        ///< where the search starts, < upper
  double upper = 0;        ///< the top eigenvalue must increase with s; s never exceeds this
};

struct TransferSolution {
  double s = 0;           ///< where the top eigenvalue is 1, or `upper`
  bool at_upper = false;  ///< the top eigenvalue stays below 1 up to `upper`
  double eigenvalue = 0;  ///< top Ritz value at s
  double error = 0;       ///< a-posteriori error of s: Kato–Temple bound of the Ritz value over its slope
  double residual = 0;    ///< ‖Mq − μq‖ / ‖q‖
  double gap = 0;         ///< half the Ritz gap below the top eigenvalue, 0 when unknown
  RowMatrix vector;       ///< q, unit norm
  Matrix mode;            ///< w ∘ Y, the covariance X of the leading mode up to scale (full symmetric matrix)
  Index products = 0;     ///< spent products (one gather and one spread each)
  bool converged = false;
  bool positive = false;  ///< X ⪰ 0 to rounding: by Krein–Rutman the eigenvalue found is then the leading one
};

class TransferBasis {
 public:
  explicit TransferBasis(const LinearizedModel& model) : TransferBasis(model, Precision::double_precision) {}

  /// The s at which λ_max(M(s)) = 1.
  [[nodiscard]] TransferSolution solve(const TransferProblem& problem);

  /// λ_max(M(s)) at s = problem.guess.
  [[nodiscard]] TransferSolution top_eigenvalue_at(const TransferProblem& problem);

  [[nodiscard]] const SampleProducts& products() const { return products_; }
  [[nodiscard]] Index size() const { return static_cast<Index>(vectors_.size()); }

 private:
  struct Ritz {
    double top = 0;
    double second = 0;
    Vector coefficients;
  };
  TransferBasis(const LinearizedModel& model, Precision precision);
  [[nodiscard]] Ritz ritz(const Matrix& weights) const;
  /// Fills an empty basis; returns what it knows of the gap below the top eigenvalue (0: nothing).
  double start(const TransferProblem& problem, bool find_root);
  bool add_ones();
  bool add(const RowMatrix& q);
  void compress(const Matrix& weights);
  [[nodiscard]] Matrix combine_images(const Vector& coefficients) const;
  [[nodiscard]] RowMatrix combine_vectors(const Vector& coefficients) const;
  TransferSolution iterate(const TransferProblem& problem, bool find_root, double known_gap);
  TransferSolution iterate_indefinite(const TransferProblem& problem, bool find_root);

  const LinearizedModel* model_;
  Precision precision_;
  SampleProducts products_;
  bool indefinite_;  ///< signed rows and several outputs: M is not symmetric in q
  Vector spectrum_;
  std::vector<RowMatrix> vectors_;  ///< orthonormal q_a, (n·c) × c
  std::vector<Matrix> images_;      ///< Y_a, lower triangles
};

}  // namespace brink
