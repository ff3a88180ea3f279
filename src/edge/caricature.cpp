#include "brink/edge/caricature.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "brink/base/error.hpp"

namespace brink {
namespace {

void check_problem(const Caricature& problem) {
  check_rule(problem.rule);
  check_argument(problem.a > 0 && problem.g > 0, "caricature", "a, g", problem.a > 0 ? problem.g : problem.a, "> 0");
}

/// The root of e^{2z}/2 − z = h below or above z = 0, by Newton's method: the function is convex, so that iterates from
/// outside approach monotonically.
double turning_point(double h, bool below) {
  double z = below ? -h : 0.5 * std::log(2 * h + 2 * std::sqrt(2 * h) + 2);
  for (int i = 0; i < 200; ++i) {
    const double step = (0.5 * std::exp(2 * z) - z - h) / (std::exp(2 * z) - 1);
    z -= step;
    if (std::abs(step) <= 1e-15 * (1 + std::abs(z))) break;
  }
  return z;
}

}  // namespace

double Caricature::delta() const { return std::sqrt(2 * a / g); }
double Caricature::epsilon() const { return rule.effective_eta() * std::sqrt(alpha()); }

std::vector<CaricaturePoint> run_caricature(const Caricature& problem, CaricaturePoint start, Index steps,
                                            const std::vector<double>& noise) {
  check_problem(problem);
  check_argument(steps >= 0, "run_caricature", "steps", steps, ">= 0");
  check_argument(noise.empty() || static_cast<Index>(noise.size()) == steps, "run_caricature", "length of the noise",
                 static_cast<double>(noise.size()), "0 or the number of steps");
  const double eta = problem.rule.eta;
  const double beta = problem.rule.momentum;
  const double critical = problem.rule.critical_sharpness();
  double x = start.x;
  double y = start.y;
  double buffer_x = beta > 0 ? -2 * x / eta : 0;  // ηm = x₋ − x with x₋ = −x
  double buffer_w = beta > 0 ? -problem.a / (1 - beta) : 0;
  std::vector<CaricaturePoint> path = {start};
  path.reserve(static_cast<std::size_t>(steps) + 1);
  for (Index t = 0; t < steps; ++t) {
    const double force = (critical + y) * x + (noise.empty() ? 0 : noise[static_cast<std::size_t>(t)]);
    buffer_x = beta * buffer_x + force;
    buffer_w = beta * buffer_w + 0.5 * problem.g * x * x - problem.a;
    x -= eta * buffer_x;
    y -= eta * problem.g * buffer_w;
    path.push_back({x, y});
  }
  return path;
}

double conserved(const Caricature& problem, CaricaturePoint point) {
  check_problem(problem);
  const double x = std::abs(point.x) / problem.delta();
  if (x == 0) return std::numeric_limits<double>::infinity();
  return 0.5 * x * x - std::log(x) + 0.5 * point.y * point.y / problem.alpha();
}

double orbit_period(const Caricature& problem, double h) {
  check_problem(problem);
  check_argument(h > 0.5 && h <= 1e4, "orbit_period", "h", h, "in (0.5, 1e4]");
  // z = ln X obeys z̈ = 1 − e^{2z}: energy h = ½ż² + V(z), V = e^{2z}/2 − z. T = 2∫dz/√(2(h−V)); with z = middle −
  // half·cos φ the roots at both ends cancel, and the integrand is smooth and periodic in φ.
  const double low = turning_point(h, true);
  const double high = turning_point(h, false);
  const double half = 0.5 * (high - low);
  constexpr int kNodes = 2000;
  double sum = 0;
  for (int i = 0; i < kNodes; ++i) {
    const double phi = std::numbers::pi * (i + 0.5) / kNodes;
    // h − V = V(end) − V(z), taken from the nearer end, where it would cancel otherwise.
    const double end = phi < std::numbers::pi / 2 ? low : high;
    const double gap = phi < std::numbers::pi / 2 ? half * 2 * std::pow(std::sin(phi / 2), 2)
                                                  : -half * 2 * std::pow(std::cos(phi / 2), 2);
    const double below = gap - 0.5 * std::exp(2 * end) * std::expm1(2 * gap);
    sum += half * std::sin(phi) / std::sqrt(2 * below);
  }
  return 2 * sum * std::numbers::pi / kNodes / problem.epsilon();
}

double largest_overshoot(const Caricature& problem, double x0) {
  check_problem(problem);
  const double delta = problem.delta();
  check_argument(x0 > 0 && x0 <= delta, "largest_overshoot", "x0", x0, "in (0, delta]");
  const double ratio = x0 / delta;
  return std::sqrt(problem.alpha() * std::max(0.0, -2 * std::log(ratio) + ratio * ratio - 1));
}

double spiral_growth(const Caricature& problem) {
  check_problem(problem);
  const double beta = problem.rule.momentum;
  // h − ½ is of second order in the amplitude, whose eigenvalue has modulus 1 + ε²(1+β)/(1−β) + O(ε⁴).
  return 2 * std::pow(problem.epsilon(), 2) * (1 + beta) / (1 - beta);
}

}  // namespace brink
