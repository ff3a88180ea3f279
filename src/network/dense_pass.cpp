#include <cblas.h>

#include <algorithm>

#include "few_rows.hpp"
#include "layer_pass.hpp"
#include "step_sink.hpp"

namespace brink::network_detail {
namespace {

template <class Real>
using ConstMap = Eigen::Map<const RowMatrixOf<Real>>;

CBLAS_TRANSPOSE as_blas(bool transpose) { return transpose ? CblasTrans : CblasNoTrans; }
blasint as_blas(Index size) { return static_cast<blasint>(size); }

void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const float* a, const float* b, bool add,
          float* c) {
  cblas_sgemm(CblasRowMajor, as_blas(transpose_a), as_blas(transpose_b), as_blas(m), as_blas(n), as_blas(k), 1, a,
              as_blas(transpose_a ? m : k), b, as_blas(transpose_b ? k : n), add ? 1 : 0, c, as_blas(n));
}
void gemm(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const double* a, const double* b, bool add,
          double* c) {
  cblas_dgemm(CblasRowMajor, as_blas(transpose_a), as_blas(transpose_b), as_blas(m), as_blas(n), as_blas(k), 1, a,
              as_blas(transpose_a ? m : k), b, as_blas(transpose_b ? k : n), add ? 1 : 0, c, as_blas(n));
}

/// The same by Eigen, which is faster beside few columns.
template <class Real>
void narrow_product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const Real* a, const Real* b,
                    bool add, Real* c) {
  const ConstMap<Real> left(a, transpose_a ? k : m, transpose_a ? m : k);
  const ConstMap<Real> right(b, transpose_b ? n : k, transpose_b ? k : n);
  Eigen::Map<RowMatrixOf<Real>> out(c, m, n);
  const auto assign = [&](const auto& product) {
    if (add) {
      out.noalias() += product;
    } else {
      out.noalias() = product;
    }
  };
  if (transpose_a) {
    assign(left.transpose() * right);
  } else if (transpose_b) {
    assign(left * right.transpose());
  } else {
    assign(left * right);
  }
}

/// C (m × n) = op(A) op(B), or += where `add`; everything row-major.
template <class Real>
void multiply(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const Real* a, const Real* b, bool add,
              Real* c) {
  if (!transpose_a && transpose_b && m <= kFewRows) return few_rows_times_transposed(m, n, k, a, b, add, c);
  if (!transpose_a && !transpose_b && m <= kFewRows) return few_rows_times(m, n, k, a, b, add, c);
  if (transpose_a && !transpose_b && k >= 1 && k <= kFewTerms) {
    if (add) return few_outer_products(m, n, k, a, m, b, Accumulate<Real>{c});
    return few_outer_products(m, n, k, a, m, b, Assign<Real>{c});
  }
  if (n <= kFewColumns) return narrow_product(transpose_a, transpose_b, m, n, k, a, b, add, c);
  gemm(transpose_a, transpose_b, m, n, k, a, b, add, c);
}

template <class Real>
class DensePass final : public LayerPass<Real> {
 public:
  explicit DensePass(const Layer& layer)
      : in_(layer.inputs),
        out_(layer.outputs),
        positions_(layer.positions),
        weights_(layer.weights),
        bias_(layer.bias),
        transposed_(layer.weights >= 0 && layer.transposed),
        constant_(layer.constant_weights.cast<Real>()),
        constant_bias_(layer.constant_bias.cast<Real>()) {}

  void forward(const Point<Real>& at, Index samples, const Series<Real>& in, const Series<Real>& out) const override {
    const Index rows = samples * positions_;
    for (int k = at.from; k <= out.order; ++k) {
      bool started = start(at, k, rows, out.block(k));
      for (int j = 0; j <= k; ++j) {
        const Real* const w = weights(at, j);
        if (w == nullptr || k - j > in.order) continue;
        multiply(false, !transposed_, rows, out_, in_, in.block(k - j), w, started, out.block(k));
        started = true;
      }
      if (!started) std::fill_n(out.block(k), rows * out_, Real(0));
    }
  }

  void backward(const Point<Real>& at, Index samples, const Series<Real>&, const Series<Real>&,
                const Series<Real>& d_out, const Series<Real>& d_in) const override {
    if (d_in.first == nullptr) return;
    for (int k = at.from; k <= d_out.order; ++k) {
      for (int j = 0; j <= k; ++j) {
        const Real* const w = weights(at, j);
        if (w == nullptr) continue;
        multiply(false, transposed_, samples * positions_, in_, out_, d_out.block(k - j), w, j > 0, d_in.block(k));
      }
    }
  }

  void add_gradient(Index samples, const Series<Real>& in, const Series<Real>& d_out, Real* gradient,
                    bool overwrite) const override {
    const Index rows = samples * positions_;
    const int order = d_out.order;
    if (weights_ >= 0) {
      bool started = !overwrite;
      for (int j = 0; j <= std::min(order, in.order); ++j) {
        outer(rows, d_out.block(order - j), in.block(j), started, gradient + weights_);
        started = true;
      }
    }
    if (bias_ >= 0) add_bias_gradient(rows, d_out.block(order), overwrite, gradient + bias_);
  }

  void descend(Index samples, const Series<Real>& in, const Series<Real>& d_out, Real* scratch,
               const Moving<Real>& moving) const override {
    const Index rows = samples * positions_;
    if (weights_ >= 0) {
      const Index height = transposed_ ? in_ : out_;
      const Index width = transposed_ ? out_ : in_;
      const Real* const left = transposed_ ? in.first : d_out.first;
      const Real* const right = transposed_ ? d_out.first : in.first;
      if (rows >= 1 && rows <= kFewTerms) {
        with_step_sink(moving.step, moving.theta + weights_, moving.buffer_from(weights_),
                       [&](auto sink) { few_outer_products(height, width, rows, left, height, right, sink); });
      } else {
        outer(rows, d_out.first, in.first, false, scratch);
        moving.take(weights_, height * width, scratch);
      }
    }
    if (bias_ >= 0) {
      add_bias_gradient(rows, d_out.first, true, scratch);
      moving.take(bias_, out_, scratch);
    }
  }

  void add_sample_gradients(Index samples, const Series<Real>& in, const Series<Real>& d_out, Real* rows,
                            Index stride) const override {
    for (Index k = 0; k < samples; ++k) {
      const Real* const d = d_out.first + k * positions_ * out_;
      Real* const row = rows + k * stride;
      if (weights_ >= 0) outer(positions_, d, in.first + k * positions_ * in_, true, row + weights_);
      if (bias_ >= 0) {
        for (Index i = 0; i < positions_; ++i)
          for (Index j = 0; j < out_; ++j) row[bias_ + j] += d[i * out_ + j];
      }
    }
  }

  bool has_parameters() const override { return weights_ >= 0 || bias_ >= 0; }

 private:
  /// Coefficient j of W(ε).
  [[nodiscard]] const Real* weights(const Point<Real>& at, int j) const {
    if (weights_ < 0) return j == 0 ? constant_.data() : nullptr;
    return j == 0 ? at.theta + weights_ : (j == 1 ? at.direction + weights_ : nullptr);
  }

  /// Puts coefficient k of the bias in every row; false where there is none.
  bool start(const Point<Real>& at, int k, Index rows, Real* out) const {
    const Real* b = nullptr;
    if (bias_ >= 0 && k <= 1) b = (k == 0 ? at.theta : at.direction) + bias_;
    if (bias_ < 0 && k == 0 && constant_bias_.size() != 0) b = constant_bias_.data();
    if (b == nullptr) return false;
    for (Index i = 0; i < rows; ++i) std::copy_n(b, out_, out + i * out_);
    return true;
  }

  void add_bias_gradient(Index rows, const Real* d_out, bool overwrite, Real* gradient) const {
    Eigen::Map<Eigen::Matrix<Real, 1, Eigen::Dynamic>> sum(gradient, out_);
    if (overwrite) sum.setZero();
    const ConstMap<Real> d(d_out, rows, out_);
    for (Index i = 0; i < rows; ++i) sum += d.row(i);
  }

  /// W += DᵀX, or its transpose.
  void outer(Index rows, const Real* d, const Real* x, bool add, Real* w) const {
    if (transposed_) {
      multiply(true, false, in_, out_, rows, x, d, add, w);
    } else {
      multiply(true, false, out_, in_, rows, d, x, add, w);
    }
  }

  Index in_, out_, positions_, weights_, bias_;
  bool transposed_;
  RowMatrixOf<Real> constant_;
  VectorOf<Real> constant_bias_;
};

}  // namespace

template <class Real>
std::unique_ptr<LayerPass<Real>> make_dense_pass(const Layer& layer) {
  return std::make_unique<DensePass<Real>>(layer);
}
template std::unique_ptr<LayerPass<float>> make_dense_pass(const Layer&);
template std::unique_ptr<LayerPass<double>> make_dense_pass(const Layer&);

}  // namespace brink::network_detail
