#include "brink/stability/limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "accuracy.hpp"
#include "brink/base/error.hpp"
#include "brink/stability/monotone_root.hpp"
#include "brink/stability/transfer_kernel.hpp"
#include "gaussian_rows.hpp"

namespace brink {
namespace {

// ln ρ below this is not resolved.
constexpr double kSmallestLimitLogGrowth = -100;
// The change from one quadrature to the next finer one that ends the refinement.
constexpr double kQuadratureConverged = 1e-13;

/// The leading eigenvalue of the noise map on one quadrature.
class NoiseMap {
 public:
  NoiseMap(const SpectralLaw& law, const UpdateRule& rule, double noise, int level)
      : nodes_(law.nodes(level)), kernel_(rule, nodes_.curvatures), noise_(noise), proportional_(law.proportional()) {}

  [[nodiscard]] double eigenvalue(double eta, double log_rho) const {
    // λ·(λS) and not λ²·S: a power law has curvatures whose square is no number any more.
    const Vector& curvatures = nodes_.curvatures;
    const Vector loads = noise_ * curvatures.cwiseProduct(curvatures.cwiseProduct(kernel_.diagonal(eta, log_rho)));
    return proportional_ ? nodes_.weights.dot(loads) : gaussian_noise_eigenvalue(loads, nodes_.weights);
  }

 private:
  SpectralNodes nodes_;
  TransferKernel kernel_;
  double noise_;
  bool proportional_;
};

struct Refined {
  double value = 0;
  double change = 0;  ///< between the last two levels
  bool at_upper = false;
};

/// Refines the quadrature until `find(level, guess)` no longer changes.
template <class Find>
Refined refine(const SpectralLaw& law, double guess, Find find) {
  Refined refined{guess, std::numeric_limits<double>::infinity(), false};
  for (int level = 0; level <= law.last_level() && refined.change > kQuadratureConverged; ++level) {
    const MonotoneRoot root = find(level, refined.value);
    if (level > 0) refined.change = std::abs(root.s - refined.value);
    refined.value = root.s;
    refined.at_upper = root.at_upper;
  }
  return refined;
}

/// The ends of the support, where modes without noise grow fastest.
Vector ends(const SpectralLaw& law) { return Vector{{law.largest(), law.smallest()}}; }

double noise_free_edge(const SpectralLaw& law, const UpdateRule& rule) {
  return rule.deterministic_edge() / (law.largest() + rule.weight_decay());
}

std::string method_of(const SpectralLaw& law) {
  return (law.proportional() ? "integral over the spectral law: " : "secular equation of the infinite spectrum: ") +
         law.method();
}

}  // namespace

double limit_noise(const SpectralLaw& law, std::string_view sampling, double batch) {
  constexpr std::string_view function = "limit_noise";
  if (!law.proportional()) {
    check_argument(sampling == "gaussian", function, "sampling", sampling,
                   "gaussian: " + law.name() + " has no finite number of samples");
    check_argument(batch >= 1 && std::isfinite(batch), function, "batch", batch, "a number >= 1");
    return 1 / batch;
  }
  check_argument(batch >= 1e-12 && batch <= 1e12, function, "batch per dimension", batch, "a number in [1e-12, 1e12]");
  if (sampling == "gaussian") return 1 / batch;
  const double samples = law.samples_per_dimension();
  check_argument(sampling == "with-replacement" || sampling == "without-replacement" || sampling == "bernoulli",
                 function, "sampling", sampling, "one of gaussian, without-replacement, with-replacement, bernoulli");
  check_argument(samples > 0, function, "sampling", sampling,
                 "gaussian: " + law.name() + " has no finite number of samples");
  check_argument(batch <= samples, function, "batch per dimension", batch,
                 fmt::format("at most {:.12g}, the samples per dimension", samples));
  return sampling == "with-replacement" ? 1 / batch : std::max(0.0, 1 / batch - 1 / samples);
}

LimitThreshold limit_threshold(const SpectralLaw& law, const UpdateRule& rule, double noise) {
  check_argument(noise >= 0 && std::isfinite(noise), "limit_threshold", "noise", noise, "a finite number >= 0");
  LimitThreshold result;
  result.eta_deterministic = noise_free_edge(law, rule);
  result.eta = result.eta_deterministic;
  result.residual = kRounding;
  result.at_edge = true;
  result.method = "noise-free edge";
  if (noise == 0 || result.eta_deterministic == 0) return result;
  const double upper = std::log(result.eta_deterministic) + std::log1p(-kEdgeMargin);
  const Refined refined = refine(law, upper - 1, [&](int level, double guess) {
    const NoiseMap map(law, rule, noise, level);
    const auto eigenvalue = [&](double s) { return map.eigenvalue(std::exp(s), 0.0); };
    return monotone_root(eigenvalue, guess, eigenvalue(guess), upper);
  });
  if (refined.at_upper) {
    result.residual = kEdgeMargin;
    result.method = "noise-free edge (the noise of the limit is too weak to matter before it)";
    return result;
  }
  result.eta = std::exp(refined.value);
  result.residual = refined.change + kRounding;
  result.at_edge = false;
  result.method = method_of(law);
  return result;
}

LimitGrowth limit_growth(const SpectralLaw& law, const UpdateRule& rule, double noise, double eta) {
  check_argument(eta > 0 && std::isfinite(eta), "limit_growth", "eta", eta, "a finite number > 0");
  check_argument(noise >= 0 && std::isfinite(noise), "limit_growth", "noise", noise, "a finite number >= 0");
  const double noise_free = TransferKernel(rule, ends(law)).log_noise_free_growth(eta);
  LimitGrowth result;
  result.log_growth = noise_free + 0.0;  // no −0
  result.residual = kRounding;
  result.method = "spectral radius without noise, at the end of the spectrum";
  if (noise > 0) {
    // The eigenvalue falls with ρ, so the search runs in −ln ρ up to the noise-free growth.
    const double upper = -std::max(noise_free, kSmallestLimitLogGrowth) - kEdgeMargin;
    const Refined refined = refine(law, upper - 0.1, [&](int level, double guess) {
      const NoiseMap map(law, rule, noise, level);
      const auto eigenvalue = [&](double s) { return map.eigenvalue(eta, -s); };
      return monotone_root(eigenvalue, guess, eigenvalue(guess), upper);
    });
    if (refined.at_upper) {
      result.residual = kEdgeMargin;
    } else {
      result.log_growth = -refined.value;
      result.residual = refined.change + kRounding;
      result.method = method_of(law);
    }
  }
  // The sign of the growth does not tell where nothing decays exponentially; the threshold does.
  result.stable = result.log_growth < 0 || eta < limit_threshold(law, rule, noise).eta;
  return result;
}

double limit_kernel_norm(const SpectralLaw& law, const UpdateRule& rule, double noise, double eta) {
  const double edge = noise_free_edge(law, rule);
  check_argument(eta > 0 && eta < edge, "limit_kernel_norm", "eta", eta,
                 fmt::format("a number in (0, {:.12g}), below the noise-free edge", edge));
  if (noise == 0) return 0;
  return refine(law, 0,
                [&](int level, double) {
                  return MonotoneRoot{NoiseMap(law, rule, noise, level).eigenvalue(eta, 0.0), false};
                })
      .value;
}

}  // namespace brink
