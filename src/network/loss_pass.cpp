#include "loss_pass.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace brink::network_detail {
namespace {

/// ln cosh without overflow.
template <class Real>
Real log_cosh(Real z) {
  const Real size = std::abs(z);
  return size + std::log1p(std::exp(-2 * size)) - static_cast<Real>(std::numbers::ln2);
}

/// Coefficients of softmax(f(ε))_j are quotients of the series of e^{f_j} and of their sum. `out` has the orders of f.
/// Returns ln Σ e^{f_j}.
template <class Real>
Real softmax(Index outputs, const Series<Real>& f, Index at, const Series<Real>& out) {
  const Real* const f0 = f.first + at;
  const Real top = *std::max_element(f0, f0 + outputs);
  Real sum[3] = {0, 0, 0};
  for (Index j = 0; j < outputs; ++j) {
    const Real e = std::exp(f0[j] - top);
    const Real f1 = f.order >= 1 ? f.block(1)[at + j] : Real(0);
    const Real f2 = f.order >= 2 ? f.block(2)[at + j] : Real(0);
    const Real terms[3] = {e, e * f1, e * (f2 + f1 * f1 / 2)};
    for (int k = 0; k <= f.order; ++k) {
      out.block(k)[at + j] = terms[k];
      sum[k] += terms[k];
    }
  }
  for (Index j = 0; j < outputs; ++j) {
    for (int k = 0; k <= f.order; ++k) {
      Real rest = out.block(k)[at + j];
      for (int i = 1; i <= k; ++i) rest -= out.block(k - i)[at + j] * sum[i];
      out.block(k)[at + j] = rest / sum[0];
    }
  }
  return top + std::log(sum[0]);
}

/// ln Σ e^{f_j} alone.
template <class Real>
Real log_sum(Index outputs, const Real* f) {
  const Real top = *std::max_element(f, f + outputs);
  Real sum = 0;
  for (Index j = 0; j < outputs; ++j) sum += std::exp(f[j] - top);
  return top + std::log(sum);
}

}  // namespace

template <class Real>
double loss_pass(LossKind kind, Index samples, Index outputs, const Series<Real>& f, const Real* targets, Real scale,
                 const Series<Real>* d) {
  double loss = 0;
  for (Index k = 0; k < samples; ++k) {
    const Index at = k * outputs;
    if (kind == LossKind::cross_entropy) {
      const Real normalizer = d != nullptr ? softmax(outputs, f, at, *d) : log_sum(outputs, f.first + at);
      for (Index j = 0; j < outputs; ++j) {
        loss += static_cast<double>(targets[at + j]) * static_cast<double>(normalizer - f.first[at + j]);
        if (d != nullptr) d->first[at + j] -= targets[at + j];
      }
      continue;
    }
    for (Index j = at; j < at + outputs; ++j) {
      const Real r = f.first[j] - targets[j];
      const Real f1 = f.order >= 1 ? f.block(1)[j] : Real(0);
      const Real f2 = f.order >= 2 ? f.block(2)[j] : Real(0);
      Real slope[3] = {r, f1, f2};
      if (kind == LossKind::log_cosh) {
        loss += static_cast<double>(log_cosh(r));
        const Real t = std::tanh(r);
        const Real s = 1 - t * t;
        slope[0] = t;
        slope[1] = s * f1;
        slope[2] = s * f2 - t * s * f1 * f1;
      } else {
        loss += 0.5 * static_cast<double>(r) * static_cast<double>(r);
      }
      for (int i = 0; d != nullptr && i <= f.order; ++i) d->block(i)[j] = slope[i];
    }
  }
  if (d != nullptr) {
    for (int i = 0; i <= d->order; ++i)
      for (Index j = 0; j < samples * outputs; ++j) d->block(i)[j] *= scale;
  }
  return loss;
}

template <class Real>
void curvature_product(LossKind kind, Index samples, Index outputs, const Real* f, const Real* targets, const Real* v,
                       Real scale, Real* out) {
  for (Index k = 0; k < samples; ++k) {
    const Index at = k * outputs;
    Real mean = 0;
    Real normalizer = 0;
    if (kind == LossKind::cross_entropy) {
      normalizer = log_sum(outputs, f + at);
      for (Index j = at; j < at + outputs; ++j) mean += std::exp(f[j] - normalizer) * v[j];
    }
    for (Index j = at; j < at + outputs; ++j) {
      Real product = v[j];
      if (kind == LossKind::cross_entropy) product = std::exp(f[j] - normalizer) * (v[j] - mean);
      if (kind == LossKind::log_cosh) {
        const Real t = std::tanh(f[j] - targets[j]);
        product *= 1 - t * t;
      }
      out[j] = scale * product;
    }
  }
}

// Softmax: S = diag(π) − ππᵀ = RᵀR with R = diag(√π)(I − 1πᵀ).
template <class Real>
void curvature_factor_row(LossKind kind, Index samples, Index outputs, Index j, const Real* f, const Real* targets,
                          Real* out) {
  std::fill_n(out, samples * outputs, Real(0));
  for (Index k = 0; k < samples; ++k) {
    const Index at = k * outputs;
    if (kind == LossKind::half_square) out[at + j] = 1;
    if (kind == LossKind::log_cosh) out[at + j] = 1 / std::cosh(f[at + j] - targets[at + j]);
    if (kind == LossKind::cross_entropy) {
      const Real normalizer = log_sum(outputs, f + at);
      const Real root = std::exp((f[at + j] - normalizer) / 2);
      for (Index l = 0; l < outputs; ++l)
        out[at + l] = root * ((l == j ? Real(1) : Real(0)) - std::exp(f[at + l] - normalizer));
    }
  }
}

template double loss_pass(LossKind, Index, Index, const Series<float>&, const float*, float, const Series<float>*);
template double loss_pass(LossKind, Index, Index, const Series<double>&, const double*, double, const Series<double>*);
template void curvature_product(LossKind, Index, Index, const float*, const float*, const float*, float, float*);
template void curvature_product(LossKind, Index, Index, const double*, const double*, const double*, double, double*);
template void curvature_factor_row(LossKind, Index, Index, Index, const float*, const float*, float*);
template void curvature_factor_row(LossKind, Index, Index, Index, const double*, const double*, double*);

}  // namespace brink::network_detail
