#pragma once
// The growing subspace in which the transfer form is solved, in double or in single precision.

#include <vector>

#include "brink/stability/monotone_root.hpp"
#include "brink/stability/sample_products.hpp"
#include "brink/stability/transfer_basis.hpp"

namespace brink {

/// Whether M(s) has eigenvalue 1 somewhere below the wall, or what its top eigenvalue is at the guess.
enum class TransferTask { root, eigenvalue };

/// Orthonormal vectors q_a with their images Y_a = Σ_k A_kᵀ Σ_k q_a,k Σ_k A_k. The images are packed lower triangles:
/// they are r²/2 numbers each, and everything done with them is bound by memory.
template <class Scalar>
class TransferSpace {
 public:
  explicit TransferSpace(const LinearizedModel& model);

  /// q = 1 on every sample. It overlaps every positive mode, and for unsigned rows its image is n diag(λ).
  void add_ones();
  /// The part of q that is new; false when there is none.
  bool add(const RowMatrix& q);
  void clear();
  [[nodiscard]] Index size() const { return static_cast<Index>(vectors_.size()); }

  /// `known_gap` is what is known of the gap below the top eigenvalue while the space is too small to tell, or 0.
  /// In single precision the solution is as good as rounding lets it be, and only its vector is of use.
  [[nodiscard]] TransferSolution solve(const TransferProblem& problem, TransferTask task, double known_gap);

 private:
  using Packed = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  struct Ritz {
    Vector values;   ///< descending
    Matrix vectors;  ///< coefficients of the Ritz vectors
  };

  void weigh(const TransferProblem& problem, double s);
  /// ⟨q, M(s) q⟩ for the vector of ones, whose image is diagonal. O(r).
  [[nodiscard]] double quotient_of_ones(const TransferProblem& problem, double s) const;
  void take_root(const MonotoneRoot& root, TransferSolution& solution);
  [[nodiscard]] Ritz ritz() const;
  [[nodiscard]] Packed combine_images(const Vector& coefficients) const;
  [[nodiscard]] RowMatrix combine_vectors(const Vector& coefficients) const;
  /// Solves inside the space to the given accuracy of s; leaves the image of the Ritz vector in image_.
  Ritz solve_inside(const TransferProblem& problem, TransferTask task, double accuracy, TransferSolution& solution);
  void compress();
  void finish(TransferSolution& solution, const RowMatrix& product) const;
  /// A mode found not to be positive: by what its vector leaves open, or one to be replaced by a positive one of equal
  /// eigenvalue.
  void reconsider(const TransferProblem& problem, const Ritz& pairs, bool resolved, TransferSolution& solution);
  [[nodiscard]] double trace_of_mode() const;

  BasicSampleProducts<Scalar> products_;
  bool is_signed_;
  bool only_ones_ = false;    ///< the space is the vector of ones, whose image is diagonal
  bool slope_known_ = false;  ///< of the solution being sought: its slope is measured
  Vector spectrum_;
  std::vector<RowMatrix> vectors_;
  std::vector<Packed> images_;
  Packed weights_;    ///< w(s), in units of scale_
  double scale_ = 0;  ///< ⟨q_a, M q_b⟩ = scale_ · ⟨Y_a, weights_ ∘ Y_b⟩ for packed images
  Packed image_;
  typename BasicSampleProducts<Scalar>::Square mode_;  ///< weights_ ∘ image_, the lower triangle of X up to scale
};

extern template class TransferSpace<double>;
extern template class TransferSpace<float>;

}  // namespace brink
