#pragma once
// Batch sharpness at the critical mode: the normalized curvature that a mini-batch sees along its own gradient.

#include <memory>
#include <optional>

#include "brink/model/linearized_model.hpp"
#include "brink/sampling/batch_law.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink {

/// What the third moment of H_B needs of the data alone, made once for the thresholds of a whole grid; several threads
/// may use it. With T = A Aᵀ and v = A Λ Aᵀ of every sample (c × c), O(n c² r), and Σ_k H_k², O(n c r²).
class SampleMoments {
 public:
  /// The model must outlive the object.
  explicit SampleMoments(const LinearizedModel& model);
  ~SampleMoments();

  /// tr(E[H_B³] X) / tr(E[H_B²] X) for a covariance X (r × r, eigenbasis), exact for every batch law. Times η at the
  /// threshold it is 2(1+β) for full-batch heavy ball. Where noise dominates it tends to 2(1−β) in many isotropic
  /// dimensions, and is only near that elsewhere; on the way from one to the other it may rise first. O(n c r²).
  /// docs/theory.md, (4.11), with the third moment of (3.2).
  [[nodiscard]] double batch_sharpness(const BatchLaw& law, Index batch_size, const Matrix& covariance) const;

  /// The same at the critical mode of a threshold, which brings its A_k X A_kᵀ along: O(r² + n c³).
  [[nodiscard]] double batch_sharpness(const BatchLaw& law, Index batch_size,
                                       const MeanSquareThreshold& threshold) const;

  /// η times it at the threshold. Without noise (full batch) X is the top eigenvector and this is η λ_max, the edge of
  /// the rule: 2(1+β) for heavy ball. Absent where no step size is stable, and where noisy batches still leave the
  /// threshold at the noise-free edge, so that no single covariance grows first.
  [[nodiscard]] std::optional<double> in_times_eta(const BatchLaw& law, Index batch_size,
                                                   const MeanSquareThreshold& threshold) const;

 private:
  struct Finite;
  [[nodiscard]] double batch_sharpness(const BatchLaw& law, Index batch_size, const Matrix& covariance,
                                       const RowMatrix& blocks) const;

  const LinearizedModel* model_;
  std::unique_ptr<const Finite> finite_;  ///< absent for a model without samples
};

/// SampleMoments::batch_sharpness of a single covariance.
[[nodiscard]] double batch_sharpness(const LinearizedModel& model, const BatchLaw& law, Index batch_size,
                                     const Matrix& covariance);

}  // namespace brink
