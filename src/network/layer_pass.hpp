#pragma once
// Forward and backward passes of one layer on truncated Taylor series.

#include <memory>

#include "brink/network/layers.hpp"
#include "brink/network/objective.hpp"

namespace brink::network_detail {

/// Blocks of a series one after the other: block i holds the coefficients of ε^i, one row a sample.
template <class Real>
struct Series {
  Real* first = nullptr;
  Index size = 0;  ///< numbers in a block
  int order = 0;

  [[nodiscard]] Real* block(int i) const { return first + i * size; }
};

/// θ and the direction u (null in passes of order 0).
template <class Real>
struct Point {
  const Real* theta = nullptr;
  const Real* direction = nullptr;
  int from = 0;  ///< results of lower order are there already, from a pass at the same θ
};

/// θ and the buffer (null: none) on their way along a step.
template <class Real>
struct Moving {
  const LinearStep<Real>& step;
  Real* theta;
  Real* buffer;

  [[nodiscard]] Real* buffer_from(Index first) const { return buffer == nullptr ? nullptr : buffer + first; }
  /// With the gradients g of the `count` parameters from `first` on.
  void take(Index first, Index count, const Real* g) const {
    take_step(step, count, g, theta + first, buffer_from(first));
  }
};

template <class Real>
class LayerPass {
 public:
  virtual ~LayerPass() = default;

  /// out from in, every order of out.
  virtual void forward(const Point<Real>& at, Index samples, const Series<Real>& in, const Series<Real>& out) const = 0;
  /// d_in = ∂L/∂in from d_out = ∂L/∂out as series of one order; not computed when d_in.first is null. `in` and `out`
  /// are those of the forward pass.
  virtual void backward(const Point<Real>& at, Index samples, const Series<Real>& in, const Series<Real>& out,
                        const Series<Real>& d_out, const Series<Real>& d_in) const = 0;
  /// Adds the coefficient of ε^(order of d_out) of ∂L/∂θ to `gradient`, or writes it when `overwrite`.
  virtual void add_gradient(Index, const Series<Real>&, const Series<Real>&, Real*, bool) const {}
  /// Takes the step along ∂L/∂θ (order 0) on this layer's parameters. `scratch` is as long as θ.
  virtual void descend(Index, const Series<Real>&, const Series<Real>&, Real*, const Moving<Real>&) const {}
  /// Adds the gradient of each sample alone (order 0) to its row of `rows`, rows `stride` apart.
  virtual void add_sample_gradients(Index, const Series<Real>&, const Series<Real>&, Real*, Index) const {}
  [[nodiscard]] virtual bool has_parameters() const { return false; }
};

template <class Real>
[[nodiscard]] std::unique_ptr<LayerPass<Real>> make_dense_pass(const Layer& layer);
template <class Real>
[[nodiscard]] std::unique_ptr<LayerPass<Real>> make_activation_pass(const Layer& layer);
template <class Real>
[[nodiscard]] std::unique_ptr<LayerPass<Real>> make_diagonal_pass(const Layer& layer);
template <class Real>
[[nodiscard]] std::unique_ptr<LayerPass<Real>> make_patches_pass(const Layer& layer);
template <class Real>
[[nodiscard]] std::unique_ptr<LayerPass<Real>> make_pool_pass(const Layer& layer);

template <class Real>
[[nodiscard]] inline std::unique_ptr<LayerPass<Real>> make_pass(const Layer& layer) {
  switch (layer.kind) {
    case LayerKind::dense:
      return make_dense_pass<Real>(layer);
    case LayerKind::activation:
      return make_activation_pass<Real>(layer);
    case LayerKind::diagonal:
      return make_diagonal_pass<Real>(layer);
    case LayerKind::patches:
      return make_patches_pass<Real>(layer);
    case LayerKind::pool:
      return make_pool_pass<Real>(layer);
  }
  return nullptr;
}

}  // namespace brink::network_detail
