#include "brink/statistics/onset.hpp"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <numbers>

#include "brink/base/error.hpp"
#include "brink/linalg/matrix.hpp"
#include "sample.hpp"

namespace brink {
namespace {

constexpr int kMostIterations = 200;

double density(double z) { return std::isinf(z) ? 0 : std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi); }

/// Φ(b) − Φ(a), from the tail that loses no digits.
double normal_between(double a, double b) {
  const double root = std::sqrt(2.0);
  if (a > 0) return 0.5 * (std::erfc(a / root) - std::erfc(b / root));
  return 0.5 * (std::erfc(-b / root) - std::erfc(-a / root));
}

/// Logarithms of the ends.
struct LogInterval {
  double lower = 0;
  double upper = 0;
};

struct Likelihood {
  double value = 0;
  Eigen::Vector2d gradient = Eigen::Vector2d::Zero();
  Eigen::Matrix2d hessian = Eigen::Matrix2d::Zero();
};

/// In (γ, δ) = (1/σ, μ/σ).
Likelihood likelihood(const std::vector<LogInterval>& data, double gamma, double delta) {
  Likelihood sum;
  for (const auto& [lower, upper] : data) {
    if (lower == upper) {
      const double z = gamma * lower - delta;
      sum.value += std::log(gamma) - 0.5 * z * z - 0.5 * std::log(2 * std::numbers::pi);
      const Eigen::Vector2d dz(lower, -1);
      sum.gradient += -z * dz + Eigen::Vector2d(1 / gamma, 0);
      sum.hessian -= dz * dz.transpose();
      sum.hessian(0, 0) -= 1 / (gamma * gamma);
      continue;
    }
    const double a = std::isinf(lower) ? -kInfinity : gamma * lower - delta;
    const double b = std::isinf(upper) ? kInfinity : gamma * upper - delta;
    const double p = std::max(normal_between(a, b), 1e-300);
    const double fa = density(a) / p;
    const double fb = density(b) / p;
    const Eigen::Vector2d da = std::isinf(a) ? Eigen::Vector2d(0, 0) : Eigen::Vector2d(lower, -1);
    const Eigen::Vector2d db = std::isinf(b) ? Eigen::Vector2d(0, 0) : Eigen::Vector2d(upper, -1);
    const double za = std::isinf(a) ? 0 : a;
    const double zb = std::isinf(b) ? 0 : b;
    sum.value += std::log(p);
    const Eigen::Vector2d slope = fb * db - fa * da;
    sum.gradient += slope;
    sum.hessian += -zb * fb * db * db.transpose() + za * fa * da * da.transpose() - slope * slope.transpose();
  }
  return sum;
}

struct Point {
  double gamma = 1;
  double delta = 0;
  double value = -kInfinity;
  int iterations = 0;
};

/// Newton with halving, over both numbers, or over γ alone with μ = δ/γ held.
Point climb(const std::vector<LogInterval>& data, Point point, const double* fixed_mu) {
  const auto value_at = [&](double gamma, double delta) {
    return gamma > 0 ? likelihood(data, gamma, delta).value : -kInfinity;
  };
  point.value = value_at(point.gamma, point.delta);
  for (int i = 0; i < kMostIterations; ++i) {
    ++point.iterations;
    const Likelihood here = likelihood(data, point.gamma, point.delta);
    Eigen::Vector2d step;
    bool newton = true;
    if (fixed_mu) {
      const Eigen::Vector2d along(1, *fixed_mu);
      const double slope = here.gradient.dot(along);
      const double curvature = along.dot(here.hessian * along);
      newton = curvature < 0;
      step = (newton ? -slope / curvature : slope) * along;
    } else {
      const Eigen::Matrix2d& h = here.hessian;
      const double determinant = h(0, 0) * h(1, 1) - h(0, 1) * h(0, 1);
      if (h(0, 0) < 0 && determinant > 0) {
        const Eigen::Vector2d& g = here.gradient;
        step = Eigen::Vector2d(h(0, 1) * g[1] - h(1, 1) * g[0], h(0, 1) * g[0] - h(0, 0) * g[1]) / determinant;
      } else {
        newton = false;
        step = here.gradient;
      }
    }
    double length = 1;
    double value = value_at(point.gamma + step[0], point.delta + step[1]);
    while (!(value >= point.value) && length > 1e-12) {
      length /= 2;
      value = value_at(point.gamma + length * step[0], point.delta + length * step[1]);
    }
    if (!(value >= point.value)) return point;  // no step helps: at the top to rounding
    const double gained = value - point.value;
    point.gamma += length * step[0];
    point.delta += length * step[1];
    point.value = value;
    if (newton && gained <= 1e-13 * (1 + std::abs(value))) return point;
    if (!(point.gamma < 1e8)) break;
  }
  throw NotConverged(
      "fit_onset: the intervals do not determine a law (they share a point, or all are censored on one side); look "
      "more often, or use more runs");
}

double log_of(double value) { return value > 0 ? std::log(value) : -kInfinity; }

}  // namespace

OnsetFit fit_onset(const std::vector<CensoredOnset>& onsets, double confidence) {
  constexpr const char* here = "fit_onset";
  check_argument(onsets.size() >= 3, here, "onsets", onsets.size(), "at least 3 onsets");
  check_argument(confidence > 0 && confidence < 1, here, "confidence", confidence, "0 < confidence < 1");
  std::vector<LogInterval> data;
  double least_upper = kInfinity;
  double most_lower = -kInfinity;
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (const auto& onset : onsets) {
    check_argument(onset.lower >= 0 && onset.lower <= onset.upper, here, "lower", onset.lower, "0 <= lower <= upper");
    check_argument(onset.upper > 0, here, "upper", onset.upper, "a number > 0");
    check_argument(onset.lower > 0 || std::isfinite(onset.upper), here, "upper", onset.upper,
                   "a bound on one side at least");
    data.push_back({log_of(onset.lower), std::isinf(onset.upper) ? kInfinity : std::log(onset.upper)});
    const auto& [lower, upper] = data.back();
    least_upper = std::min(least_upper, upper);
    most_lower = std::max(most_lower, lower);
    const double middle = std::isinf(lower) ? upper : std::isinf(upper) ? lower : 0.5 * (lower + upper);
    sum += middle;
    squares += middle * middle;
    count += 1;
  }
  // One point inside all of them: a law of no width there has likelihood 1, and nothing bounds the median from data.
  if (most_lower <= least_upper) {
    throw NotConverged(
        "fit_onset: one point lies in all intervals, so they say nothing of the spread; look more often");
  }
  const double mean = sum / count;
  const double deviation = std::sqrt(std::max(squares / count - mean * mean, 1e-4));
  const Point top = climb(data, {1 / deviation, mean / deviation, 0, 0}, nullptr);
  OnsetFit fit;
  const double mu = top.delta / top.gamma;
  fit.spread = 1 / top.gamma;
  fit.median = std::exp(mu);
  fit.log_likelihood = top.value;
  fit.iterations = top.iterations;
  const double nu = count - 1;
  // χ²/2 for many onsets; F for few, as the exact profile interval of a normal mean has it.
  const double fall = 0.5 * count * std::log1p(boost::math::quantile(boost::math::fisher_f(1, nu), confidence) / nu);
  const auto profile = [&](double at) { return climb(data, {top.gamma, top.gamma * at, 0, 0}, &at).value; };
  const auto end = [&](double direction) {
    double width = fit.spread / std::sqrt(count);
    int doublings = 0;
    while (profile(mu + direction * width) > top.value - fall) {
      width *= 2;
      if (++doublings > 60) throw NotConverged("fit_onset: the data do not bound the median; use more runs");
    }
    double low = 0;
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + width);
      (profile(mu + direction * middle) > top.value - fall ? low : width) = middle;
    }
    return std::exp(mu + direction * low);
  };
  fit.interval = {end(-1), end(1)};
  return fit;
}

}  // namespace brink
