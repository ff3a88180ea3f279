#pragma once
// The linearized model: what stochastic gradient descent sees near a minimum. docs/theory.md, (1.1) and (1.2).
//
// Near a minimum θ*, with x = θ − θ*, every sample is a quadratic ½ xᵀH_k x + b_kᵀx with H_k = A_kᵀ Σ_k A_k, where A_k
// (c × p) are the Gauss–Newton rows of the sample and Σ_k = diag(±1) is the identity unless H_k is indefinite. Only the
// directions that some sample sees matter. Rotated into the eigenbasis of H = (1/n) Σ_k H_k the model is the pair
// (spectrum λ ∈ R^r, sample rows G ∈ R^{nc×r}) with GᵀΣG/n = diag(λ). It is computed from
//
//   the rows  A (nc × p):  AᵀA/n = V diag(λ) Vᵀ,  G = A V            when p ≤ nc;
//   the Gram matrix K = AAᵀ:  K = U diag(nλ) Uᵀ,  G = U diag(√(nλ))  when nc < p, or when only K is known.
//
// One loss convention everywhere: L = (1/n) Σ_k ½‖f_k − y_k‖² ("mean of half squares"); importers convert to it.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// The loss convention of every result.
inline constexpr const char* kLossConvention = "mean of half squares";

/// Finite data: G in the eigenbasis of H.
struct SampleRows {
  RowMatrix rows;     ///< G: (n·c) × r, row k·c+j = output j of sample k
  Index samples = 0;  ///< n
  Index outputs = 1;  ///< c, rows per sample
  Vector signs;       ///< diag of Σ, ±1 per row; empty when every H_k is positive semidefinite

  [[nodiscard]] bool is_signed() const { return signs.size() != 0; }
};

class LinearizedModel {
 public:
  /// What was done on the way in, for the reader of a result.
  struct Origin {
    std::string route;           ///< "rows", "gram", "hessians" or "spectrum"
    double rank_tolerance = 0;   ///< relative cut: eigenvalues ≤ rank_tolerance · λ_max (of AᵀA/n) were dropped
    Index dropped = 0;           ///< how many eigenvalues were dropped (directions without curvature)
    double largest_dropped = 0;  ///< the largest of them, in the unit of H
    double eigen_residual = 0;   ///< residual of the eigendecomposition, relative to λ_max
    std::vector<std::string> warnings;
  };

  /// From Gauss–Newton rows `a` ((n·c) × p, sample-major). `input_epsilon` is the machine epsilon of the type the
  /// numbers came in: an eigenvalue of H is kept when it exceeds min(p, nc) · input_epsilon · λ_max. `gradient_noise`
  /// is n × p (b_k of each sample), or empty; it must have mean zero to 1e-6 of its root mean square, and only its part
  /// in the range of H is kept (with a warning when there is another). O(nc·p·min(nc, p)). Throws InvalidInput for
  /// wrong shapes, entries that are not finite, rank 0, or want of memory.
  [[nodiscard]] static LinearizedModel from_rows(const RowMatrix& a, Index outputs, double input_epsilon,
                                                 const RowMatrix& gradient_noise = {});

  /// From the Gram matrix K = AAᵀ ((n·c) × (n·c)). Refused with its worst eigenvalue or entry when the asymmetry or the
  /// negative part exceeds n·c·eps·λ_max(K); eigenvalues up to that size are dropped. O((nc)³).
  [[nodiscard]] static LinearizedModel from_gram(const Matrix& k, Index outputs, double input_epsilon);

  /// From signed rows: H_k = A_kᵀ diag(signs_k) A_k. The state space is the span of the rows (the range of AᵀA, cut as
  /// in from_rows), where H may have zero or negative eigenvalues: all are kept, those below the round-off of double
  /// precision as exact zeros. H must have a positive eigenvalue. Signs that are all +1 make an unsigned model.
  [[nodiscard]] static LinearizedModel from_signed_rows(const RowMatrix& a, const Vector& signs, Index outputs,
                                                        double input_epsilon, const RowMatrix& gradient_noise = {});

  /// From per-sample Hessians H_k (d × d each, symmetric, indefinite allowed), stacked: `hessians` is (n·d) × d.
  /// H_k = Σ μvvᵀ becomes rows √|μ|v with the sign of μ; c is the largest rank of a sample, samples of lower rank have
  /// zero rows. Eigenvalues up to d·eps·max_k‖H_k‖ count as zero; an asymmetry beyond that is refused.
  /// O(n·d³ + nc·d²).
  [[nodiscard]] static LinearizedModel from_hessians(const RowMatrix& hessians, Index samples, double input_epsilon,
                                                     const RowMatrix& gradient_noise = {});

  /// c independent copies of a model with one output, each with its own parameters: the least-squares problem of c
  /// targets on shared features φ, J_k = I_c ⊗ φ_kᵀ and H = I_c ⊗ (ΦᵀΦ/n). Every eigenvalue appears c times; mini-batch
  /// noise couples the copies, so thresholds differ from those of one output. `residuals` (n × c, or empty) are f_k −
  /// y_k at the minimum: b_k = J_kᵀ(f_k − y_k). Parameters are output-major (output j owns entries j·p … j·p+p−1).
  [[nodiscard]] static LinearizedModel from_independent_outputs(const LinearizedModel& single, Index outputs,
                                                                const RowMatrix& residuals = {});

  /// Only a spectrum (all entries > 0): a population of Gaussian rows a ~ N(0, H). Usable with the "gaussian" law only.
  [[nodiscard]] static LinearizedModel from_spectrum(const Vector& spectrum);

  [[nodiscard]] const Vector& spectrum() const { return spectrum_; }  ///< λ, descending
  [[nodiscard]] Index rank() const { return spectrum_.size(); }       ///< r
  [[nodiscard]] double lambda_max() const { return spectrum_[0]; }
  [[nodiscard]] double trace() const { return spectrum_.sum(); }
  [[nodiscard]] double frobenius() const { return spectrum_.norm(); }

  [[nodiscard]] bool has_samples() const { return samples_.has_value(); }
  /// The sample rows; throws InvalidInput for a model made from a spectrum alone.
  [[nodiscard]] const SampleRows& samples() const;

  /// b_k in the eigenbasis (n × r), empty when the model interpolates.
  [[nodiscard]] const RowMatrix& gradient_noise() const { return gradient_noise_; }
  [[nodiscard]] bool interpolates() const { return gradient_noise_.size() == 0; }

  /// The rotation from parameters to the eigenbasis (p × r, orthonormal columns): the state in the eigenbasis is
  /// basisᵀ(θ − θ*). Empty on the Gram and spectrum routes.
  [[nodiscard]] const Matrix& basis() const { return *basis_; }
  /// The same, for those who keep it beyond the life of the model.
  [[nodiscard]] const std::shared_ptr<const Matrix>& shared_basis() const { return basis_; }

  [[nodiscard]] const Origin& origin() const { return origin_; }

 private:
  LinearizedModel() = default;

  Vector spectrum_;
  std::optional<SampleRows> samples_;
  RowMatrix gradient_noise_;
  std::shared_ptr<const Matrix> basis_ = std::make_shared<const Matrix>();
  Origin origin_;
};

/// Bytes that from_rows needs beside its input of `rows` × `parameters` numbers (with rows = parameters = n·c: what
/// from_gram needs), so that a reader can refuse a file before it reads it.
[[nodiscard]] double linearization_bytes(Index rows, Index parameters);

}  // namespace brink
