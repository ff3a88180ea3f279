#include <fmt/format.h>

#include "activations.hpp"
#include "brink/base/error.hpp"
#include "layer_pass.hpp"

namespace brink::network_detail {

Activation activation_of(const std::string& name) {
  if (name == "identity") return Activation::identity;
  if (name == "tanh") return Activation::tanh;
  if (name == "relu") return Activation::relu;
  if (name == "gelu") return Activation::gelu;
  if (name == "silu") return Activation::silu;
  if (name == "erf") return Activation::erf;
  fail_argument("network", "activation", fmt::format("\"{}\"", name),
                "\"tanh\", \"relu\", \"gelu\", \"silu\", \"erf\" or \"identity\"");
}

namespace {

template <class Real>
using ArrayMap = Eigen::Map<Eigen::Array<Real, Eigen::Dynamic, 1>>;
template <class Real>
using ConstArrayMap = Eigen::Map<const Eigen::Array<Real, Eigen::Dynamic, 1>>;

/// σ(z₀ + εz₁ + ε²z₂) = σ + εσ'z₁ + ε²(σ'z₂ + ½σ''z₁²), and backward the product of the series of d_out and σ'.
template <Activation kind, class Real>
class ActivationPass final : public LayerPass<Real> {
 public:
  void forward(const Point<Real>& at, Index, const Series<Real>& in, const Series<Real>& out) const override {
    const Index size = out.size;
    const Real* const z = in.first;
    Real* const x = out.first;
    if (at.from == 0) values(size, z, x);
    if (out.order == 0) return;
    if (in.order == 0) {
      std::fill_n(x + size, out.order * size, Real(0));
      return;
    }
    const Real* const z1 = in.block(1);
    Real* const x1 = out.block(1);
    for (Index i = 0; i < size; ++i) x1[i] = jet<kind>(z[i], x[i]).first * z1[i];
    if (out.order == 1) return;
    const Real* const z2 = in.order > 1 ? in.block(2) : nullptr;
    for (Index i = 0; i < size; ++i) {
      const auto s = jet<kind>(z[i], x[i]);
      out.block(2)[i] = (z2 != nullptr ? s.first * z2[i] : Real(0)) + s.second * z1[i] * z1[i] / 2;
    }
  }

  void backward(const Point<Real>&, Index, const Series<Real>& in, const Series<Real>& out, const Series<Real>& d_out,
                const Series<Real>& d_in) const override {
    if (d_in.first == nullptr) return;
    const Index size = d_out.size;
    const Real* const z = in.first;
    const Real* const x = out.first;
    const Real* const d0 = d_out.first;
    if (d_out.order == 0 || in.order == 0) {
      for (int k = 0; k <= d_out.order; ++k)
        for (Index i = 0; i < size; ++i) d_in.block(k)[i] = d_out.block(k)[i] * jet<kind>(z[i], x[i]).first;
      return;
    }
    const Real* const z1 = in.block(1);
    const Real* const d1 = d_out.block(1);
    if (d_out.order == 1) {
      Real* const to0 = d_in.first;
      Real* const to1 = d_in.block(1);
      for (Index i = 0; i < size; ++i) {
        const auto s = jet<kind>(z[i], x[i]);
        to0[i] = d0[i] * s.first;
        to1[i] = d1[i] * s.first + d0[i] * s.second * z1[i];
      }
      return;
    }
    const Real* const z2 = in.order > 1 ? in.block(2) : nullptr;
    for (Index i = 0; i < size; ++i) {
      const auto s = jet<kind>(z[i], x[i]);
      const Real slope1 = s.second * z1[i];
      const Real slope2 = (z2 != nullptr ? s.second * z2[i] : Real(0)) + s.third * z1[i] * z1[i] / 2;
      d_in.first[i] = d0[i] * s.first;
      d_in.block(1)[i] = d1[i] * s.first + d0[i] * slope1;
      d_in.block(2)[i] = d_out.block(2)[i] * s.first + d1[i] * slope1 + d0[i] * slope2;
    }
  }

 private:
  static void values(Index size, const Real* z, Real* x) {
    if constexpr (kind == Activation::tanh) {
      ArrayMap<Real>(x, size) = ConstArrayMap<Real>(z, size).tanh();  // in vectors, where the library has them
    } else {
      for (Index i = 0; i < size; ++i) x[i] = jet<kind>(z[i], Real(0)).value;
    }
  }
};

}  // namespace

template <class Real>
std::unique_ptr<LayerPass<Real>> make_activation_pass(const Layer& layer) {
  switch (activation_of(layer.activation)) {
    case Activation::identity:
      return std::make_unique<ActivationPass<Activation::identity, Real>>();
    case Activation::tanh:
      return std::make_unique<ActivationPass<Activation::tanh, Real>>();
    case Activation::relu:
      return std::make_unique<ActivationPass<Activation::relu, Real>>();
    case Activation::gelu:
      return std::make_unique<ActivationPass<Activation::gelu, Real>>();
    case Activation::silu:
      return std::make_unique<ActivationPass<Activation::silu, Real>>();
    case Activation::erf:
      return std::make_unique<ActivationPass<Activation::erf, Real>>();
  }
  return nullptr;
}
template std::unique_ptr<LayerPass<float>> make_activation_pass(const Layer&);
template std::unique_ptr<LayerPass<double>> make_activation_pass(const Layer&);

}  // namespace brink::network_detail
