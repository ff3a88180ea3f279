// SGD on fresh Gaussian rows a ~ N(0, λI_d): by isotropy the factors ‖x⁺‖/‖x‖ of successive steps are independent and
// equally distributed. With X = Σ_k (a_k·x)²/(λ‖x‖²) ~ χ²_B and Y ~ χ²_{d−1} the squared length of the gradient across
// x,
//
//   ‖x⁺‖²/‖x‖² = (f − cX)² + c²XY,   c = ηλ/B,  f = 1 − ηκ,
//
// so Λ(q) = ln E[(…)^{q/2}] and λ = ½ E ln(…): one integral over Y inside one over X, by double exponential quadrature,
// which resolves the singularities at X = 0, Y = 0 and X = f/c.

#include <algorithm>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "moment_method.hpp"

namespace brink {
namespace {

constexpr double kTolerance = 1e-11;
/// Beyond so many standard deviations, and this much further on the right, a χ² density is below 1e-20 of its mode.
constexpr double kDeviations = 10;
constexpr double kTail = 100;
constexpr int kScanPoints = 33;
constexpr double kSmallest = std::numeric_limits<double>::min();  // in place of 0, where the logarithm ends

/// Part of a range of integration, measured from the end where the integrand is singular.
struct Piece {
  double origin;
  double direction;
  double length;
};

/// The density of χ²_k and the range that carries it, also when it is multiplied by a power up to x^tilt.
class ChiSquared {
 public:
  explicit ChiSquared(double degrees)
      : degrees_(degrees), log_scale_(0.5 * degrees * std::log(2.0) + boost::math::lgamma(0.5 * degrees)) {}

  double density(double x) const { return std::exp((0.5 * degrees_ - 1) * std::log(x) - 0.5 * x - log_scale_); }

  /// `singular`: an inner point where the integrand is singular, if > 0.
  std::vector<Piece> pieces(double tilt, double singular) const {
    const double low = std::max(0.0, degrees_ - 2);
    const double high = std::max(0.0, degrees_ - 2 + 2 * tilt);
    const double begin = std::max(0.0, low - kDeviations * std::sqrt(2 * degrees_));
    const double end = high + kDeviations * std::sqrt(2 * (degrees_ + 2 * tilt)) + kTail;
    std::vector<double> cuts = {begin, end};
    for (const double inner : {low, high})
      if (inner > begin && inner < end) cuts.push_back(inner);
    if (singular > begin && singular < end) {
      cuts.push_back(singular);
      cuts.push_back(0.5 * (begin + singular));  // a piece is singular at one end only
    }
    std::sort(cuts.begin(), cuts.end());
    std::vector<Piece> result;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const double length = cuts[i + 1] - cuts[i];
      if (length <= 0) continue;
      if (cuts[i + 1] == singular) {
        result.push_back({singular, -1, length});
      } else {
        result.push_back({cuts[i], 1, length});
      }
    }
    return result;
  }

 private:
  double degrees_;
  double log_scale_;
};

struct Integral {
  double value = 0;
  double error = 0;
  double absolute = 0;
};

/// Σ over the pieces of ∫ f(x, t) dx, t the signed distance of x from the origin of its piece, exact next to it.
template <class Function>
Integral integrate(boost::math::quadrature::tanh_sinh<double>& rule, const std::vector<Piece>& pieces,
                   const Function& f) {
  Integral total;
  for (const Piece& piece : pieces) {
    double error = 0;
    double absolute = 0;
    const auto at = [&](double t) { return f(piece.origin + piece.direction * t, piece.origin, piece.direction * t); };
    total.value += rule.integrate(at, 0.0, piece.length, kTolerance, &error, &absolute);
    total.error += error;
    total.absolute += absolute;
  }
  return total;
}

class IsotropicMoments final : public MomentMethod {
 public:
  IsotropicMoments(double curvature, double weight_decay, Index dimension, Index batch_size)
      : curvature_(curvature),
        weight_decay_(weight_decay),
        batch_size_(static_cast<double>(batch_size)),
        dimension_(dimension),
        along_(batch_size_),
        across_(std::max(1.0, static_cast<double>(dimension - 1))) {}

  Estimate log_growth(double q, double eta) const override {
    Estimate result{0, 1e-15, ErrorKind::residual, "quadrature over two chi-squared variables", {}};
    if (eta == 0) return result;
    const double c = eta * curvature_ / batch_size_;
    const double f = 1 - eta * weight_decay_;
    double inner_error = 0;
    const Integral outer = integrate(outer_rule_, along_.pieces(q, f / c), [&](double x, double origin, double t) {
      // Next to X = f/c the difference f − cX keeps its digits only from there.
      const double along = origin == f / c ? -c * t : f - c * x;
      return along_.density(x) * expectation_across(q, std::abs(along), c * c * x, inner_error);
    });
    const double error = outer.error + inner_error * (q == 0 ? 1 : outer.absolute);
    result.value = q == 0 ? outer.value : std::log(outer.value);
    result.error = (q == 0 ? error : error / outer.value) + 1e-14;
    return result;
  }

  StableSteps stable_steps(double q) const override {
    const GrowthFunction growth = [this, q](double eta) { return log_growth(q, eta); };
    const double edge = 2 / (curvature_ + weight_decay_);
    if (q >= 1) {
      // x⁺ is affine in η, so E‖x⁺‖^q is convex; and at the edge E‖x⁺‖ ≥ ‖E x⁺‖ = ‖x‖.
      StableSteps steps = single_interval(growth, edge);
      steps.method = "quadrature, convex in eta";
      steps.searched_to = std::numeric_limits<double>::infinity();
      steps.complete = true;
      return steps;
    }
    std::vector<double> points;
    for (int i = 0; i < kScanPoints; ++i) points.push_back(edge * std::exp2(-4 + 8.0 * i / (kScanPoints - 1)));
    StableSteps steps = scanned_intervals(growth, points);
    steps.method = "quadrature, scanned";
    return steps;
  }

  bool contracts_always(double /*eta*/) const override { return false; }

 private:
  /// E over Y of (along² + kY)^{q/2}, or of ½ ln(along² + kY). `worst` becomes the largest error met: relative, but
  /// absolute for the logarithm, which may vanish.
  double expectation_across(double q, double along, double k, double& worst) const {
    if (dimension_ == 1) return q == 0 ? std::log(std::max(along, kSmallest)) : std::pow(along, q);
    const double square = along * along;
    const Integral inner = integrate(inner_rule_, across_.pieces(0.5 * q, 0), [&](double y, double, double) {
      const double squared = std::max(square + k * y, kSmallest);
      return across_.density(y) * (q == 0 ? 0.5 * std::log(squared) : std::pow(squared, 0.5 * q));
    });
    worst = std::max(worst, q == 0 ? inner.error : inner.error / std::max(inner.absolute, kSmallest));
    return inner.value;
  }

  double curvature_;
  double weight_decay_;
  double batch_size_;
  Index dimension_;
  ChiSquared along_;
  ChiSquared across_;
  // Boost's rules grow with use; the inner and the outer integral must not share one.
  mutable boost::math::quadrature::tanh_sinh<double> outer_rule_{12};
  mutable boost::math::quadrature::tanh_sinh<double> inner_rule_{12};
};

}  // namespace

std::unique_ptr<MomentMethod> make_isotropic_moments(const LinearizedModel& model, const UpdateRule& rule,
                                                     const BatchLaw& law, Index batch_size) {
  if (!law.fresh_gaussian_rows() || rule.name() != "sgd") return nullptr;
  const Vector& spectrum = model.spectrum();
  const double curvature = spectrum.mean();
  if (!(curvature > 0) || (spectrum.array() - curvature).abs().maxCoeff() > 1e-12 * curvature) return nullptr;
  return std::make_unique<IsotropicMoments>(curvature, rule.weight_decay(), spectrum.size(), batch_size);
}

}  // namespace brink
