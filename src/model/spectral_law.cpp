#include "brink/model/spectral_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "brink/base/error.hpp"
#include "brink/model/least_squares.hpp"
#include "brink/model/quadratic_ensemble.hpp"

namespace brink {
namespace {

class MarchenkoPastur final : public SpectralLaw {
 public:
  explicit MarchenkoPastur(const SpectralLawParameters& p) : ratio_(p.ratio), scale_(p.scale) {}

  std::string name() const override { return "marchenko-pastur"; }
  bool proportional() const override { return true; }
  std::string method() const override { return "midpoint rule in the angle of the Marchenko-Pastur law"; }
  double largest() const override { return scale_ * std::pow(1 + std::sqrt(ratio_), 2); }
  double smallest() const override { return scale_ * std::pow(1 - std::sqrt(ratio_), 2); }
  double mean() const override { return scale_; }
  int last_level() const override { return 11; }
  double samples_per_dimension() const override { return 1 / ratio_; }

  /// dμ = (2/π) sin²θ/λ dθ (scale 1) on (0, π); the integrand is even and periodic. No node lies at an end, where the
  /// weight would be 0 although the integrand of a threshold at the noise-free edge is not.
  SpectralNodes nodes(int level) const override {
    const Index count = Index{64} << level;
    SpectralNodes nodes{Vector(count), Vector(count)};
    const double root = std::sqrt(ratio_);
    const double step = std::numbers::pi / static_cast<double>(count);
    for (Index q = 0; q < count; ++q) {
      const double theta = step * (static_cast<double>(q) + 0.5);
      // 1 + y − 2√y cos θ without cancellation at the lower end.
      const double curvature = std::pow(1 - root, 2) + 4 * root * std::pow(std::sin(theta / 2), 2);
      nodes.curvatures[q] = scale_ * curvature;
      nodes.weights[q] = 2 / std::numbers::pi * std::pow(std::sin(theta), 2) / curvature * step;
    }
    return nodes;
  }

  LinearizedModel draw(Index dimension, std::uint64_t seed) const override {
    return LinearizedModel::from_rows(rows(dimension, seed), 1, kEpsilon);
  }
  LinearizedModel draw_with_label_noise(Index dimension, std::uint64_t seed) const override {
    check_argument(samples(dimension) > dimension, "draw_with_label_noise", "ratio", ratio_,
                   "d/n < 1: with as many parameters as samples the labels are fitted");
    // Labels are one more column, so that they are independent of the rows.
    const RowMatrix both = quadratic_rows(Vector::Ones(dimension + 1), samples(dimension), 1, "gaussian", 0, seed);
    return solve_least_squares(std::sqrt(scale_) * both.leftCols(dimension), both.rightCols(1), kEpsilon).model;
  }

 private:
  static constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

  Index samples(Index dimension) const {
    return std::max<Index>(1, static_cast<Index>(std::llround(static_cast<double>(dimension) / ratio_)));
  }
  RowMatrix rows(Index dimension, std::uint64_t seed) const {
    return quadratic_rows(Vector::Constant(dimension, scale_), samples(dimension), 1, "gaussian", 0, seed);
  }

  double ratio_;
  double scale_;
};

class PowerLaw final : public SpectralLaw {
 public:
  explicit PowerLaw(const SpectralLawParameters& p) : exponent_(p.exponent), scale_(p.scale) {}

  std::string name() const override { return "power-law"; }
  bool proportional() const override { return false; }
  std::string method() const override {
    return "first eigenvalues one by one, Euler-Maclaurin and Gauss-Legendre beyond";
  }
  double largest() const override { return scale_; }
  double smallest() const override { return 0; }
  double mean() const override {
    const SpectralNodes all = nodes(2);
    return all.weights.dot(all.curvatures);
  }
  int last_level() const override { return 3; }

  /// Σ_{j>J} f(j) = ∫_{J+½}^∞ f(j) dj + (f(J+1) − f(J))/24 + O(f‴), so J and J+1 carry the correction as weights. The
  /// integral is (1/a) ∫ F(λ) (λ/scale)^{−1/a} d ln λ. Where λ is too small to matter, or to be a number, F is linear.
  SpectralNodes nodes(int level) const override {
    using Rule = boost::math::quadrature::gauss<double, 20>;
    const Index exact = Index{500} << level;
    const double width = std::ldexp(2.0, -level);
    const double rate = 1 - 1 / exponent_;
    const double start = -exponent_ * std::log(static_cast<double>(exact) + 0.5);
    const double depth = std::min(40 / rate, 600.0);
    const auto panels = static_cast<Index>(std::ceil(depth / width));
    constexpr Index per_panel = 20;
    SpectralNodes nodes{Vector(exact + 2 + panels * per_panel), Vector(exact + 2 + panels * per_panel)};
    for (Index j = 1; j <= exact + 1; ++j) {
      nodes.curvatures[j - 1] = scale_ * std::pow(static_cast<double>(j), -exponent_);
      nodes.weights[j - 1] = j < exact ? 1 : j == exact ? 1 - 1.0 / 24 : 1.0 / 24;
    }
    Index next = exact + 1;
    for (Index panel = 0; panel < panels; ++panel) {
      const double middle = start - (static_cast<double>(panel) + 0.5) * width;
      for (std::size_t i = 0; i < Rule::abscissa().size(); ++i) {
        for (const double sign : {-1.0, 1.0}) {
          const double log_curvature = middle + sign * 0.5 * width * Rule::abscissa()[i];
          nodes.curvatures[next] = scale_ * std::exp(log_curvature);
          nodes.weights[next] = 0.5 * width * Rule::weights()[i] * std::exp(-log_curvature / exponent_) / exponent_;
          ++next;
        }
      }
    }
    const double last = start - static_cast<double>(panels) * width;
    nodes.curvatures[next] = scale_ * std::exp(last);
    nodes.weights[next] = std::exp(-last / exponent_) / (exponent_ - 1);
    return nodes;
  }

  LinearizedModel draw(Index dimension, std::uint64_t /*seed*/) const override {
    return LinearizedModel::from_spectrum(scale_ * power_law_spectrum(dimension, exponent_));
  }

 private:
  double exponent_;
  double scale_;
};

class PointMass final : public SpectralLaw {
 public:
  explicit PointMass(const SpectralLawParameters& p) : scale_(p.scale) {}

  std::string name() const override { return "point-mass"; }
  bool proportional() const override { return true; }
  std::string method() const override { return "one eigenvalue"; }
  double largest() const override { return scale_; }
  double smallest() const override { return scale_; }
  double mean() const override { return scale_; }
  int last_level() const override { return 1; }
  SpectralNodes nodes(int /*level*/) const override { return {Vector::Constant(1, scale_), Vector::Ones(1)}; }
  LinearizedModel draw(Index dimension, std::uint64_t /*seed*/) const override {
    return LinearizedModel::from_spectrum(Vector::Constant(dimension, scale_));
  }

 private:
  double scale_;
};

}  // namespace

LinearizedModel SpectralLaw::draw_with_label_noise(Index /*dimension*/, std::uint64_t /*seed*/) const {
  fail_argument("draw_with_label_noise", "law", name(), "a law of finitely many samples: marchenko-pastur");
}

std::shared_ptr<const SpectralLaw> make_spectral_law(const SpectralLawParameters& parameters) {
  constexpr std::string_view function = "make_spectral_law";
  const auto& p = parameters;
  check_argument(p.scale >= 1e-20 && p.scale <= 1e20, function, "scale", p.scale, "a number in [1e-20, 1e20]");
  if (p.kind == "marchenko-pastur") {
    check_argument(p.ratio >= 1e-6 && p.ratio <= 1e6, function, "ratio", p.ratio, "d/n, a number in [1e-6, 1e6]");
    return std::make_shared<MarchenkoPastur>(p);
  }
  if (p.kind == "power-law") {
    check_argument(
        p.exponent >= 1.01 && p.exponent <= 20, function, "exponent", p.exponent,
        "a number in [1.01, 20]: at a fixed batch size no step size is stable unless the eigenvalues sum up");
    return std::make_shared<PowerLaw>(p);
  }
  if (p.kind == "point-mass") return std::make_shared<PointMass>(p);
  fail_argument(function, "kind", p.kind, "one of marchenko-pastur, power-law, point-mass");
}

}  // namespace brink
