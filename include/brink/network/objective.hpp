#pragma once
// What training, curvature probes and the edge of stability see of a problem: a mean loss over samples, and its exact
// derivatives.
//
//   L(θ) = (1/n) Σ_k ℓ_k(θ),      L_B(θ) = (1/divisor) Σ_{k in batch} ℓ_k(θ).
//
// Every derivative is exact to rounding: none is a difference quotient. Values in one loss convention (the mean of half
// squares, or the mean cross-entropy).

#include <cmath>
#include <cstdint>
#include <memory>
#include <span>

#include "brink/linalg/matrix.hpp"
#include "brink/network/linear_step.hpp"

namespace brink {

template <class Real>
using VectorOf = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
template <class Real>
using RowMatrixOf = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Samples whose losses are added, and what the sum is divided by: B for a mini-batch under every batch law (a
/// Bernoulli batch may be empty, and one drawn with replacement may repeat a sample), n for all samples.
struct Batch {
  std::span<const std::uint32_t> samples;
  double divisor = 1;
};

/// A Hessian at one point, for several products.
template <class Real>
class HessianProducts {
 public:
  virtual ~HessianProducts() = default;
  /// out = ∇²L_B(θ) v, as Objective::hessian_product. Not from several threads at once.
  virtual void apply(const VectorOf<Real>& v, VectorOf<Real>& out) = 0;
};

/// A loss with its derivatives. Immutable after construction; every function may be called from several threads at once
/// and keeps its memory from call to call on every thread; only the matrix products take temporary blocks. Results are
/// the same for any number of threads. `out` must have parameters() entries and may not alias an input.
template <class Real>
class Objective {
 public:
  virtual ~Objective() = default;

  [[nodiscard]] virtual Index samples() const = 0;     ///< n
  [[nodiscard]] virtual Index parameters() const = 0;  ///< p
  /// Every sample once, divided by n. Valid as long as the objective.
  [[nodiscard]] virtual Batch all() const = 0;

  /// L_B(θ).
  [[nodiscard]] virtual Real loss(const VectorOf<Real>& theta, const Batch& batch) const = 0;
  /// out = ∇L_B(θ); returns L_B(θ).
  virtual Real gradient(const VectorOf<Real>& theta, const Batch& batch, VectorOf<Real>& out) const = 0;
  /// θ and the buffer take `step` along ∇L_B(θ); returns L_B(θ), and where that is not finite nothing has happened.
  /// A network steps with the parameters of a layer as soon as nothing reads them any more, with up to eight samples
  /// while the gradient is in a register: a large one, whose parameters and gradient do not fit into the cache
  /// together, passes through memory once less than with `gradient` and a step. `buffer` has parameters() entries, or
  /// none under a rule without buffer. `scratch` has parameters() entries; what is left in it means nothing.
  virtual Real descend(const Batch& batch, const LinearStep<Real>& step, VectorOf<Real>& theta, VectorOf<Real>& buffer,
                       VectorOf<Real>& scratch) const {
    const Real loss = gradient(theta, batch, scratch);
    if (std::isfinite(loss))
      take_step(step, parameters(), scratch.data(), theta.data(), buffer.size() == 0 ? nullptr : buffer.data());
    return loss;
  }
  /// out = ∇²L_B(θ) v.
  virtual void hessian_product(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& v,
                               VectorOf<Real>& out) const = 0;
  /// ∇²L_B(θ) with what does not depend on v computed once, where that pays and fits into the cache: which saves a
  /// fourth of the work of a product with a network. Keeps θ, and memory of its own; the objective and the samples of
  /// the batch must outlive it.
  [[nodiscard]] virtual std::unique_ptr<HessianProducts<Real>> hessian_at(const VectorOf<Real>& theta,
                                                                          const Batch& batch) const;
  /// out = ∇³L_B(θ)(u, u), the vector with entries Σ_ij ∂³L_B/∂θ_i∂θ_j∂θ_k u_i u_j. For two directions use the
  /// polarization ∇³L(u, v) = ¼[∇³L(u+v, u+v) − ∇³L(u−v, u−v)].
  virtual void third_derivative(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& u,
                                VectorOf<Real>& out) const = 0;
};

namespace objective_detail {

/// Nothing kept but θ.
template <class Real>
class PlainHessian final : public HessianProducts<Real> {
 public:
  PlainHessian(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch)
      : objective_(objective), theta_(theta), batch_(batch) {}
  void apply(const VectorOf<Real>& v, VectorOf<Real>& out) override {
    objective_.hessian_product(theta_, batch_, v, out);
  }

 private:
  const Objective<Real>& objective_;
  VectorOf<Real> theta_;
  Batch batch_;
};

}  // namespace objective_detail

template <class Real>
std::unique_ptr<HessianProducts<Real>> Objective<Real>::hessian_at(const VectorOf<Real>& theta,
                                                                   const Batch& batch) const {
  return std::make_unique<objective_detail::PlainHessian<Real>>(*this, theta, batch);
}

/// An objective that is a loss of the outputs of a model: ℓ_k(θ) = ℓ(f_k(θ), y_k) with f_k ∈ R^c.
template <class Real>
class NetworkObjective : public Objective<Real> {
 public:
  [[nodiscard]] virtual Index outputs() const = 0;  ///< c

  /// f: |batch| × c.
  virtual void evaluate(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& f) const = 0;
  /// Rows ∂f_{k,j}/∂θ, sample-major: (|batch|·c) × p.
  virtual void jacobian(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& rows) const = 0;
  /// Gauss–Newton rows A_k = R_k J_k with R_kᵀR_k = S_k = ∂²ℓ/∂f²: (|batch|·c) × p; the Jacobian itself for half
  /// squares.
  virtual void gauss_newton_rows(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& rows) const = 0;
  /// out = (1/divisor) Σ_{k in batch} J_kᵀ S_k J_k v.
  virtual void gauss_newton_product(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& v,
                                    VectorOf<Real>& out) const = 0;
  /// ∂ℓ_k/∂f at the outputs: |batch| × c (f − y for half squares).
  virtual void residuals(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& r) const = 0;
};

}  // namespace brink
