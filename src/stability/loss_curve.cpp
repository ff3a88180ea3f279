#include "brink/stability/loss_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "accuracy.hpp"
#include "brink/base/error.hpp"
#include "brink/stability/transfer_kernel.hpp"

namespace brink {
namespace {

constexpr double kCurveConverged = 1e-11;

/// E z zᵀ of every node at once: Z ↦ A Z Aᵀ + ν λ² Z_xx bbᵀ, the last term only where modes feel their own noise.
class ModeCovariances {
 public:
  ModeCovariances(const UpdateRule& rule, double eta, const SpectralNodes& nodes, double own_noise)
      : k_(rule.states()), own_(own_noise * nodes.curvatures.array().square()), b_(rule.filter(eta).b) {
    const Index count = nodes.curvatures.size();
    transitions_.assign(static_cast<std::size_t>(k_ * k_), Eigen::ArrayXd(count));
    for (Index q = 0; q < count; ++q) {
      const Matrix a = rule.transition(eta, nodes.curvatures[q]);
      for (Index i = 0; i < k_; ++i) {
        for (Index j = 0; j < k_; ++j) transitions_[at(i, j)][q] = a(i, j);
      }
    }
    covariances_.assign(static_cast<std::size_t>(k_ * k_), Eigen::ArrayXd::Zero(count));
    left_ = covariances_;
  }

  /// Z = bbᵀ: unit noise one step ago.
  void start_from_noise() {
    for (Index i = 0; i < k_; ++i) {
      for (Index j = 0; j < k_; ++j) covariances_[at(i, j)].setConstant(b_[i] * b_[j]);
    }
  }
  /// x of variance 1, buffers zero.
  void start_from_parameters() {
    for (auto& entry : covariances_) entry.setZero();
    covariances_[0].setOnes();
  }

  void advance() {
    noise_ = own_ * covariances_[0];
    multiply(transitions_, covariances_, left_, false);
    multiply(left_, transitions_, covariances_, true);
    for (Index i = 0; i < k_; ++i) {
      for (Index j = 0; j < k_; ++j) covariances_[at(i, j)] += b_[i] * b_[j] * noise_;
    }
  }

  [[nodiscard]] const Eigen::ArrayXd& parameters() const { return covariances_[0]; }

 private:
  using Entries = std::vector<Eigen::ArrayXd>;

  [[nodiscard]] std::size_t at(Index i, Index j) const { return static_cast<std::size_t>(i * k_ + j); }
  void multiply(const Entries& a, const Entries& b, Entries& out, bool transposed) const {
    for (Index i = 0; i < k_; ++i) {
      for (Index j = 0; j < k_; ++j) {
        auto& entry = out[at(i, j)];
        entry.setZero();
        for (Index l = 0; l < k_; ++l) entry += a[at(i, l)] * (transposed ? b[at(j, l)] : b[at(l, j)]);
      }
    }
  }

  Index k_;
  Eigen::ArrayXd own_;
  Vector b_;
  Entries transitions_, covariances_, left_;
  Eigen::ArrayXd noise_;
};

/// ψ from F and K, one step after the other.
std::vector<double> solve_volterra(const std::vector<double>& forcing, const std::vector<double>& kernel,
                                   double irreducible) {
  std::vector<double> loss(forcing.size());
  for (std::size_t t = 0; t < loss.size(); ++t) {
    double sum = forcing[t];
    for (std::size_t s = 0; s < t; ++s) sum += kernel[t - s - 1] * (loss[s] + irreducible);
    loss[t] = sum;
  }
  return loss;
}

LossCurve curve_on(const SpectralNodes& nodes, const UpdateRule& rule, double noise, bool own_noise, double eta,
                   const LossCurveOptions& options) {
  ModeCovariances modes(rule, eta, nodes, own_noise ? noise : 0);
  const auto steps = static_cast<std::size_t>(options.steps);
  const Eigen::ArrayXd kernel_weights = noise * nodes.weights.array() * nodes.curvatures.array().square();
  const Eigen::ArrayXd loss_weights =
      nodes.weights.cwiseProduct(nodes.curvatures).array() / nodes.weights.dot(nodes.curvatures);
  LossCurve curve;
  modes.start_from_noise();
  for (std::size_t t = 0; t < steps; ++t) {
    if (t > 0) modes.advance();
    curve.kernel.push_back((kernel_weights * modes.parameters()).sum());
  }
  modes.start_from_parameters();
  for (std::size_t t = 0; t <= steps; ++t) {
    if (t > 0) modes.advance();
    curve.forcing.push_back((loss_weights * modes.parameters()).sum());
  }
  curve.loss = solve_volterra(curve.forcing, curve.kernel, options.irreducible);
  for (std::size_t t = 0; t <= steps; ++t) {
    check_argument(std::isfinite(curve.loss[t]), "loss curve", "steps", static_cast<double>(steps),
                   fmt::format("fewer: at this unstable step size the loss leaves the range of numbers after {}", t));
  }
  return curve;
}

/// Σ_t K(t) in closed form: Σ ν λ² S, or Σ s/(1 − s) where modes feel their own noise. Absent where a mode diverges.
std::optional<double> kernel_norm(const SpectralNodes& nodes, const UpdateRule& rule, double noise, bool own_noise,
                                  double eta) {
  const TransferKernel kernel(rule, nodes.curvatures);
  if (eta >= kernel.deterministic_edge()) return std::nullopt;
  const auto curvatures = nodes.curvatures.array();
  const Eigen::ArrayXd loads = noise * (curvatures * (curvatures * kernel.diagonal(eta, 0.0).array()));
  if (!own_noise) return (nodes.weights.array() * loads).sum();
  if (loads.maxCoeff() >= 1) return std::nullopt;
  return (nodes.weights.array() * loads / (1 - loads)).sum();
}

void add_limits(LossCurve& curve, double irreducible) {
  if (curve.kernel_norm && *curve.kernel_norm < 1) {
    curve.limit_loss = irreducible * *curve.kernel_norm / (1 - *curve.kernel_norm);
  }
}

void check_options(std::string_view function, double eta, const LossCurveOptions& options) {
  check_argument(eta > 0 && std::isfinite(eta), function, "eta", eta, "a finite number > 0");
  check_argument(options.steps >= 1 && options.steps <= 20000, function, "steps", options.steps,
                 "an integer in 1..20000");
  check_argument(options.irreducible >= 0 && std::isfinite(options.irreducible), function, "irreducible",
                 options.irreducible, "a finite number >= 0");
}

/// Every step rounds at least once.
double rounding(const LossCurveOptions& options) { return kRounding * static_cast<double>(options.steps); }

}  // namespace

LossCurve limit_loss_curve(const SpectralLaw& law, const UpdateRule& rule, double noise, double eta,
                           const LossCurveOptions& options) {
  check_options("limit_loss_curve", eta, options);
  check_argument(noise >= 0 && std::isfinite(noise), "limit_loss_curve", "noise", noise, "a finite number >= 0");
  LossCurve curve;
  double change = std::numeric_limits<double>::infinity();
  for (int level = 0; level <= law.last_level() && change > kCurveConverged; ++level) {
    const SpectralNodes nodes = law.nodes(level);
    LossCurve finer = curve_on(nodes, rule, noise, !law.proportional(), eta, options);
    if (level > 0) {
      change = 0;
      for (std::size_t t = 0; t < finer.loss.size(); ++t) {
        change = std::max(change, std::abs(finer.loss[t] - curve.loss[t]) / std::abs(finer.loss[t]));
      }
    }
    curve = std::move(finer);
    curve.kernel_norm = kernel_norm(nodes, rule, noise, !law.proportional(), eta);
  }
  // The nodes of a quadrature end below the largest curvature.
  if (eta >= rule.deterministic_edge() / (law.largest() + rule.weight_decay())) curve.kernel_norm.reset();
  curve.error = change + rounding(options);
  add_limits(curve, options.irreducible);
  return curve;
}

LossCurve gaussian_loss_curve(const Vector& spectrum, const UpdateRule& rule, Index batch_size, double eta,
                              const LossCurveOptions& options) {
  check_options("gaussian_loss_curve", eta, options);
  check_argument(batch_size >= 1, "gaussian_loss_curve", "batch size", batch_size, "an integer >= 1");
  check_argument(spectrum.size() > 0 && spectrum.minCoeff() >= 0 && spectrum.maxCoeff() > 0, "gaussian_loss_curve",
                 "spectrum", spectrum.size() > 0 ? spectrum.minCoeff() : 0.0, "eigenvalues >= 0, one of them > 0");
  const SpectralNodes nodes{spectrum, Vector::Ones(spectrum.size())};
  const double noise = 1 / static_cast<double>(batch_size);
  LossCurve curve = curve_on(nodes, rule, noise, true, eta, options);
  curve.kernel_norm = kernel_norm(nodes, rule, noise, true, eta);
  curve.error = rounding(options);
  add_limits(curve, options.irreducible);
  return curve;
}

}  // namespace brink
