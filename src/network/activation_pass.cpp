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

/// σ(z₀ + εz₁ + ε²z₂) = σ + εσ'z₁ + ε²(σ'z₂ + ½σ''z₁²), and backward the product of the series of d_out and σ'.
template <Activation kind, class Real>
class ActivationPass final : public LayerPass<Real> {
 public:
  void forward(const Point<Real>&, Index, const Series<Real>& in, const Series<Real>& out) const override {
    const Index size = out.size;
    if (out.order == 0) {
      if constexpr (kind == Activation::tanh) {
        ArrayMap<Real>(out.first, size) = ArrayMap<Real>(in.first, size).tanh();
      } else {
        for (Index i = 0; i < size; ++i) out.first[i] = jet<kind>(in.first[i]).value;
      }
      return;
    }
    for (Index i = 0; i < size; ++i) {
      const auto s = jet<kind>(in.first[i]);
      const Real z1 = coefficient(in, 1, i);
      out.first[i] = s.value;
      out.block(1)[i] = s.first * z1;
      if (out.order > 1) out.block(2)[i] = s.first * coefficient(in, 2, i) + s.second * z1 * z1 / 2;
    }
  }

  void backward(const Point<Real>&, Index, const Series<Real>& in, const Series<Real>& out, const Series<Real>& d_out,
                const Series<Real>& d_in) const override {
    if (d_in.first == nullptr) return;
    const Index size = d_out.size;
    if (d_out.order == 0) {
      if constexpr (kind == Activation::tanh) {
        const ArrayMap<Real> t(out.first, size);
        ArrayMap<Real>(d_in.first, size) = ArrayMap<Real>(d_out.first, size) * (1 - t.square());
      } else {
        for (Index i = 0; i < size; ++i) d_in.first[i] = d_out.first[i] * jet<kind>(in.first[i]).first;
      }
      return;
    }
    for (Index i = 0; i < size; ++i) {
      const auto s = jet<kind>(in.first[i]);
      const Real z1 = coefficient(in, 1, i);
      const Real slope1 = s.second * z1;
      const Real d0 = d_out.first[i];
      const Real d1 = d_out.block(1)[i];
      d_in.first[i] = d0 * s.first;
      d_in.block(1)[i] = d1 * s.first + d0 * slope1;
      if (d_out.order > 1) {
        const Real slope2 = s.second * coefficient(in, 2, i) + s.third * z1 * z1 / 2;
        d_in.block(2)[i] = d_out.block(2)[i] * s.first + d1 * slope1 + d0 * slope2;
      }
    }
  }

 private:
  static Real coefficient(const Series<Real>& series, int order, Index i) {
    return order <= series.order ? series.block(order)[i] : Real(0);
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
