#include "brink/stability/transfer_kernel.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "brink/linalg/small_dense.hpp"

namespace brink {

/// (e, f, g, t) of every mode and the numerator of the transfer function, all with ρ^{−1/2} absorbed.
struct TransferKernel::TwoStateModes {
  Eigen::ArrayXd e, f, g, t;
  double b = 0, c = 0, rho = 1;
};

namespace {

/// A₀ = [[1, a₁₂], [0, a₂₂]] (or 1 × 1): the optimizer only integrates and filters, as every rule in use does.
bool has_two_state_form(const UpdateRule& rule) {
  if (rule.states() > 2) return false;
  const Filter unit = rule.filter(1.0);
  return unit.a0(0, 0) == 1 && (rule.states() == 1 || unit.a0(1, 0) == 0);
}

/// ln of the largest |root| of z² − t z + d, from e = 1 − t + d so that a root next to 1 keeps its digits.
double log_spectral_radius(double t, double d, double e) {
  const double discriminant = t * t - 4 * d;
  if (discriminant < 0) return 0.5 * std::log(d);
  const double root = std::sqrt(discriminant);
  if (t >= 0) {
    // The roots of (1−y)² − t(1−y) + d = y² − (2−t)y + e are y = 1 − z; the larger z has the smaller y.
    const double sum = 2 - t;
    const double smaller_y = sum + root > 0 ? 2 * e / (sum + root) : 0.5 * (sum - root);
    if (std::abs(smaller_y) < 0.5) return std::log1p(-smaller_y);
  }
  return std::log(0.5 * (std::abs(t) + root));
}

}  // namespace

TransferKernel::TransferKernel(const UpdateRule& rule, const Vector& spectrum)
    : rule_(&rule), spectrum_(spectrum), two_state_(has_two_state_form(rule)) {}

TransferKernel::TwoStateModes TransferKernel::two_state_modes(double eta, double log_rho) const {
  const Filter filter = rule_->filter(eta);
  const bool has_buffer = rule_->states() == 2;
  const double a22 = has_buffer ? filter.a0(1, 1) : 0.0;
  const double b1 = filter.b(0);
  const double c0 = has_buffer ? filter.a0(0, 1) * filter.b(1) - a22 * b1 : 0.0;
  const double z = std::exp(0.5 * log_rho);
  const double z_minus_one = std::expm1(0.5 * log_rho);
  TwoStateModes modes;
  modes.rho = z * z;
  modes.b = b1;
  modes.c = c0 / z;
  const Eigen::ArrayXd curvature = spectrum_.array() + rule_->weight_decay();
  // The characteristic polynomial at z and −z: (z−1)(z−a₂₂) − λ(b₁z + c₀).
  modes.e = (z_minus_one * (z - a22) - curvature * (b1 * z + c0)) / modes.rho;
  modes.f = ((z + 1) * (z + a22) - curvature * (c0 - b1 * z)) / modes.rho;
  modes.g = 1 - (a22 - curvature * c0) / modes.rho;
  modes.t = 0.5 * (modes.f - modes.e);
  return modes;
}

Vector TransferKernel::log_noise_free_growths(double eta) const {
  const Index r = spectrum_.size();
  Vector growths(r);
  if (!two_state_) {
    for (Index i = 0; i < r; ++i) {
      growths[i] = 2 * std::log(rule_->transition(eta, spectrum_[i]).eigenvalues().cwiseAbs().maxCoeff());
    }
    return growths;
  }
  const TwoStateModes modes = two_state_modes(eta, 0.0);
  for (Index i = 0; i < r; ++i) growths[i] = 2 * log_spectral_radius(modes.t[i], 1 - modes.g[i], modes.e[i]);
  return growths;
}

double TransferKernel::log_noise_free_growth(double eta) const { return log_noise_free_growths(eta).maxCoeff(); }

Index TransferKernel::noise_free_leading_mode(double eta) const {
  Index leading = 0;
  log_noise_free_growths(eta).maxCoeff(&leading);
  return leading;
}

template <class ColumnOf>
double TransferKernel::fill_weights(double eta, double log_rho, double p2, ColumnOf column_of) const {
  if (!two_state_) return fill_general_weights(eta, log_rho, p2, column_of);
  using Array = Eigen::Array<typename decltype(column_of(0))::Scalar, Eigen::Dynamic, 1>;
  using Scalar = typename Array::Scalar;
  const TwoStateModes modes = two_state_modes(eta, log_rho);
  const Array e = modes.e.cast<Scalar>();
  const Array f = modes.f.cast<Scalar>();
  const Array g = modes.g.cast<Scalar>();
  const Array t = modes.t.cast<Scalar>();
  const double numerator = modes.b * modes.b + modes.c * modes.c;
  const double scale = 16 / modes.rho * numerator;
  const auto cross = static_cast<Scalar>(modes.b * modes.c / numerator);
  const double largest = spectrum_.cwiseAbs().maxCoeff();
  const Array curvature = (spectrum_ / largest).array().cast<Scalar>();
  const auto drain = static_cast<Scalar>(p2 * scale * largest * largest);
  const Index r = spectrum_.size();
  for (Index j = 0; j < r; ++j) {
    const Index count = r - j;
    const auto ei = e.tail(count);
    const auto fi = f.tail(count);
    const auto gi = g.tail(count);
    const auto above = (gi + g[j] * (1 - gi)) + cross * (t.tail(count) * g[j] + t[j] * gi);
    const auto below = (fi * e[j] - f[j] * ei).square() + 4 * (fi * g[j] + f[j] * gi) * (gi * e[j] + g[j] * ei);
    column_of(j) = above / (below + (drain * curvature[j]) * curvature.tail(count) * above);
  }
  return scale;
}

template <class ColumnOf>
double TransferKernel::fill_general_weights(double eta, double log_rho, double p2, ColumnOf column_of) const {
  using Scalar = typename decltype(column_of(0))::Scalar;
  const Index r = spectrum_.size();
  const Index k = rule_->states();
  const Vector b = rule_->filter(eta).b;
  const double rho = std::exp(log_rho);
  const double scale = b.squaredNorm();
  Vector source(k * k);
  for (Index i = 0; i < k; ++i) source.segment(i * k, k) = b[i] / scale * b;
  std::vector<Matrix> transitions;
  for (const double curvature : spectrum_) transitions.push_back(rule_->transition(eta, curvature));
  Matrix operator_matrix(k * k, k * k);
  for (Index j = 0; j < r; ++j) {
    auto column = column_of(j);
    for (Index i = j; i < r; ++i) {
      for (Index row = 0; row < k; ++row) {
        for (Index col = 0; col < k; ++col) {
          operator_matrix.block(row * k, col * k, k, k) = -transitions[i](row, col) * transitions[j];
        }
      }
      operator_matrix.diagonal().array() += rho;
      const double s = solve(operator_matrix, source)[0];
      column[i - j] = static_cast<Scalar>(s / (1 + p2 * scale * spectrum_[i] * spectrum_[j] * s));
    }
  }
  return scale;
}

void TransferKernel::weights(double eta, double log_rho, double p2, Matrix& weights) const {
  const Index r = spectrum_.size();
  weights.resize(r, r);
  const double scale =
      fill_weights(eta, log_rho, p2, [&](Index j) { return Eigen::Map<Eigen::ArrayXd>(&weights(j, j), r - j); });
  for (Index j = 0; j < r; ++j) weights.col(j).tail(r - j) *= scale;
}

template <class Scalar>
double TransferKernel::packed_weights(double eta, double log_rho, double p2,
                                      Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& weights) const {
  const Index r = spectrum_.size();
  weights.resize(r * (r + 1) / 2);
  return fill_weights(eta, log_rho, p2, [&](Index j) {
    return Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>>(weights.data() + j * r - j * (j - 1) / 2, r - j);
  });
}

template double TransferKernel::packed_weights(double, double, double, Vector&) const;
template double TransferKernel::packed_weights(double, double, double, SingleVector&) const;

Vector TransferKernel::diagonal(double eta, double log_rho) const {
  const Index r = spectrum_.size();
  if (!two_state_) {
    Vector result(r);
    Matrix single;
    for (Index i = 0; i < r; ++i) {
      TransferKernel(*rule_, spectrum_.segment(i, 1)).weights(eta, log_rho, 0.0, single);
      result[i] = single(0, 0);
    }
    return result;
  }
  const TwoStateModes m = two_state_modes(eta, log_rho);
  const Eigen::ArrayXd numerator = (m.b * m.b + m.c * m.c) * (m.g * (2 - m.g)) + 2 * m.b * m.c * m.t * m.g;
  return (numerator / (m.rho * m.e * m.f * m.g * m.g)).matrix();
}

double TransferKernel::deterministic_edge() const {
  if (!curvature_is_positive()) return 0;
  return rule_->deterministic_edge() / (spectrum_.maxCoeff() + rule_->weight_decay());
}

}  // namespace brink
