// Layers without matrix products: elementwise weights, windows of an image, means over positions.

#include <algorithm>

#include "layer_pass.hpp"

namespace brink::network_detail {
namespace {

template <class Real>
class DiagonalPass final : public LayerPass<Real> {
 public:
  explicit DiagonalPass(const Layer& layer)
      : width_(layer.inputs), offset_(layer.weights), constant_(layer.constant_weights.reshaped().cast<Real>()) {}

  void forward(const Point<Real>& at, Index samples, const Series<Real>& in, const Series<Real>& out) const override {
    for (int k = at.from; k <= out.order; ++k) multiply(at, samples, in, k, out.block(k));
  }
  void backward(const Point<Real>& at, Index samples, const Series<Real>&, const Series<Real>&,
                const Series<Real>& d_out, const Series<Real>& d_in) const override {
    if (d_in.first == nullptr) return;
    for (int k = at.from; k <= d_out.order; ++k) multiply(at, samples, d_out, k, d_in.block(k));
  }
  void add_gradient(Index samples, const Series<Real>& in, const Series<Real>& d_out, Real* gradient,
                    bool overwrite) const override {
    if (offset_ < 0) return;
    Real* const sum = gradient + offset_;
    if (overwrite) std::fill_n(sum, width_, Real(0));
    for (int j = 0; j <= std::min(d_out.order, in.order); ++j) {
      const Real* const d = d_out.block(d_out.order - j);
      const Real* const x = in.block(j);
      for (Index i = 0; i < samples; ++i)
        for (Index l = 0; l < width_; ++l) sum[l] += d[i * width_ + l] * x[i * width_ + l];
    }
  }
  void descend(Index samples, const Series<Real>& in, const Series<Real>& d_out, Real* scratch,
               const Moving<Real>& moving) const override {
    if (offset_ < 0) return;
    add_gradient(samples, in, d_out, scratch, true);
    moving.take(offset_, width_, scratch + offset_);
  }
  void add_sample_gradients(Index samples, const Series<Real>& in, const Series<Real>& d_out, Real* rows,
                            Index stride) const override {
    if (offset_ < 0) return;
    for (Index i = 0; i < samples; ++i)
      for (Index l = 0; l < width_; ++l)
        rows[i * stride + offset_ + l] += d_out.first[i * width_ + l] * in.first[i * width_ + l];
  }
  bool has_parameters() const override { return offset_ >= 0; }

 private:
  /// out = coefficient k of w(ε) ∘ x(ε).
  void multiply(const Point<Real>& at, Index samples, const Series<Real>& x, int k, Real* out) const {
    std::fill_n(out, samples * width_, Real(0));
    for (int j = 0; j <= std::min(k, offset_ < 0 ? 0 : 1); ++j) {
      if (k - j > x.order) continue;
      const Real* const w = offset_ < 0 ? constant_.data() : (j == 0 ? at.theta : at.direction) + offset_;
      for (Index i = 0; i < samples; ++i)
        for (Index l = 0; l < width_; ++l) out[i * width_ + l] += w[l] * x.block(k - j)[i * width_ + l];
    }
  }

  Index width_, offset_;
  VectorOf<Real> constant_;
};

/// Linear maps without parameters act on every coefficient alike.
template <class Real>
class PatchesPass final : public LayerPass<Real> {
 public:
  explicit PatchesPass(const Layer& layer)
      : side_(layer.side),
        channels_(layer.channels),
        kernel_(layer.kernel),
        in_(layer.width_in()),
        out_(layer.width_out()) {}

  void forward(const Point<Real>& at, Index samples, const Series<Real>& in, const Series<Real>& out) const override {
    for (int k = at.from; k <= out.order; ++k) {
      if (k > in.order) {
        std::fill_n(out.block(k), samples * out_, Real(0));
        continue;
      }
      each(samples, [&](Index image, Index patch) {
        std::copy_n(in.block(k) + image, channels_ * kernel_, out.block(k) + patch);
      });
    }
  }
  void backward(const Point<Real>& at, Index samples, const Series<Real>&, const Series<Real>&,
                const Series<Real>& d_out, const Series<Real>& d_in) const override {
    if (d_in.first == nullptr) return;
    for (int k = at.from; k <= d_out.order; ++k) {
      std::fill_n(d_in.block(k), samples * in_, Real(0));
      each(samples, [&](Index image, Index patch) {
        for (Index l = 0; l < channels_ * kernel_; ++l) d_in.block(k)[image + l] += d_out.block(k)[patch + l];
      });
    }
  }

 private:
  /// Every line of every window: where it lies in the image and in the row of the window.
  template <class Visit>
  void each(Index samples, Visit visit) const {
    const Index places = side_ - kernel_ + 1;
    Index patch = 0;
    for (Index i = 0; i < samples; ++i)
      for (Index y = 0; y < places; ++y)
        for (Index x = 0; x < places; ++x)
          for (Index line = 0; line < kernel_; ++line) {
            visit(i * in_ + ((y + line) * side_ + x) * channels_, patch);
            patch += channels_ * kernel_;
          }
  }

  Index side_, channels_, kernel_, in_, out_;
};

template <class Real>
class PoolPass final : public LayerPass<Real> {
 public:
  explicit PoolPass(const Layer& layer) : width_(layer.outputs), positions_(layer.positions) {}

  void forward(const Point<Real>& at, Index samples, const Series<Real>& in, const Series<Real>& out) const override {
    const Real share = Real(1) / static_cast<Real>(positions_);
    for (int k = at.from; k <= out.order; ++k) {
      std::fill_n(out.block(k), samples * width_, Real(0));
      if (k > in.order) continue;
      for (Index i = 0; i < samples; ++i)
        for (Index j = 0; j < positions_; ++j)
          for (Index l = 0; l < width_; ++l)
            out.block(k)[i * width_ + l] += share * in.block(k)[(i * positions_ + j) * width_ + l];
    }
  }
  void backward(const Point<Real>& at, Index samples, const Series<Real>&, const Series<Real>&,
                const Series<Real>& d_out, const Series<Real>& d_in) const override {
    if (d_in.first == nullptr) return;
    const Real share = Real(1) / static_cast<Real>(positions_);
    for (int k = at.from; k <= d_out.order; ++k)
      for (Index i = 0; i < samples; ++i)
        for (Index j = 0; j < positions_; ++j)
          for (Index l = 0; l < width_; ++l)
            d_in.block(k)[(i * positions_ + j) * width_ + l] = share * d_out.block(k)[i * width_ + l];
  }

 private:
  Index width_, positions_;
};

}  // namespace

template <class Real>
std::unique_ptr<LayerPass<Real>> make_diagonal_pass(const Layer& layer) {
  return std::make_unique<DiagonalPass<Real>>(layer);
}
template <class Real>
std::unique_ptr<LayerPass<Real>> make_patches_pass(const Layer& layer) {
  return std::make_unique<PatchesPass<Real>>(layer);
}
template <class Real>
std::unique_ptr<LayerPass<Real>> make_pool_pass(const Layer& layer) {
  return std::make_unique<PoolPass<Real>>(layer);
}
template std::unique_ptr<LayerPass<float>> make_diagonal_pass(const Layer&);
template std::unique_ptr<LayerPass<double>> make_diagonal_pass(const Layer&);
template std::unique_ptr<LayerPass<float>> make_patches_pass(const Layer&);
template std::unique_ptr<LayerPass<double>> make_patches_pass(const Layer&);
template std::unique_ptr<LayerPass<float>> make_pool_pass(const Layer&);
template std::unique_ptr<LayerPass<double>> make_pool_pass(const Layer&);

}  // namespace brink::network_detail
