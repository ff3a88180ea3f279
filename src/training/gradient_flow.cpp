// Gradient flow dθ/dt = −∇L(θ): one step advances time by η, by the embedded Runge–Kutta pair of order 5(4) of Dormand
// & Prince (1980), whose inner steps follow the local error: rms of e_i/(tol·(1 + max(|θ_i|, |θ_i⁺|))) ≤ 1. A solution
// of order 5 is kept. Counters: the inner step proposed for the next, time, gradients spent, inner steps refused.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

constexpr int kStages = 7;
// Row s: the weights of the slopes of stages 0 … s−1 in the argument of stage s. The last row gives the new point, and
// its slope is the first of the next step.
constexpr double kTableau[kStages][kStages - 1] = {
    {},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
};
/// Order 5 minus order 4.
constexpr double kError[kStages] = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                    -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
constexpr double kSafety = 0.9;
constexpr double kSmallestFactor = 0.2;
constexpr double kLargestFactor = 5;

enum Counter : std::size_t { kInnerStep, kTime, kGradients, kRefused, kCounters };

class GradientFlow final : public TrainingRule<double> {
 public:
  explicit GradientFlow(const TrainingRuleParameters& parameters) : parameters_(parameters) {
    check_argument(parameters.tolerance >= 1e-13 && parameters.tolerance <= 0.1, "gradient-flow", "tolerance",
                   parameters.tolerance, "a number in [1e-13, 0.1]");
    check_argument(parameters.momentum == 0, "gradient-flow", "momentum", parameters.momentum, "0");
  }

  std::string_view name() const override { return "gradient-flow"; }
  Index buffers() const override { return 0; }
  Index counters() const override { return kCounters; }
  bool needs_full_batch() const override { return true; }

  void step(double eta, Vector& gradient, const GradientAt<double>& at, RuleState<double>& state) const override {
    std::array<Vector, kStages> slope;
    Vector point(state.theta.size());
    const auto evaluate = [&](const Vector& theta, Vector& out) {
      out.resize(theta.size());
      at(theta, out);
      decay(theta, out);
      state.counters[kGradients] += 1;
    };
    decay(state.theta, gradient);
    slope[0] = -gradient;
    state.counters[kGradients] += 1;

    double done = 0;
    double inner = state.counters[kInnerStep] > 0 ? state.counters[kInnerStep] : eta;
    while (done < eta) {
      const bool last = inner >= eta - done;
      const double h = last ? eta - done : inner;
      if (!(done + h > done)) {
        // The slope is so steep, or not finite, that no step is short enough: the caller sees what became of θ.
        state.theta.setConstant(std::numeric_limits<double>::quiet_NaN());
        return;
      }
      for (int s = 1; s < kStages; ++s) {
        point = state.theta;
        for (int j = 0; j < s; ++j) point += h * kTableau[s][j] * slope[j];
        evaluate(point, slope[s]);
        slope[s] = -slope[s];
      }
      const double error = scaled_error(h, slope, state.theta, point);
      double factor = kSmallestFactor;
      if (std::isfinite(error))
        factor =
            error == 0 ? kLargestFactor : std::clamp(kSafety * std::pow(error, -0.2), kSmallestFactor, kLargestFactor);
      if (error <= 1) {
        done = last ? eta : done + h;
        state.theta = point;
        slope[0] = slope[kStages - 1];
        // A step that was cut to end at η says nothing against the longer one.
        inner = h < inner ? std::max(h * factor, inner) : h * factor;
      } else {
        state.counters[kRefused] += 1;
        inner = h * std::min(factor, 1.0);
      }
    }
    state.counters[kInnerStep] = inner;
    state.counters[kTime] += eta;
  }

 private:
  void decay(const Vector& theta, Vector& gradient) const {
    if (parameters_.weight_decay != 0) gradient += parameters_.weight_decay * theta;
  }

  [[nodiscard]] double scaled_error(double h, const std::array<Vector, kStages>& slope, const Vector& old,
                                    const Vector& now) const {
    double sum = 0;
    for (Index i = 0; i < old.size(); ++i) {
      double error = 0;
      for (int s = 0; s < kStages; ++s) error += kError[s] * slope[s][i];
      error *= h / (parameters_.tolerance * (1 + std::max(std::abs(old[i]), std::abs(now[i]))));
      sum += error * error;
    }
    return std::sqrt(sum / static_cast<double>(old.size()));
  }

  TrainingRuleParameters parameters_;
};

}  // namespace

template <>
std::unique_ptr<TrainingRule<double>> make_gradient_flow<double>(const TrainingRuleParameters& parameters) {
  return std::make_unique<GradientFlow>(parameters);
}

template <>
std::unique_ptr<TrainingRule<float>> make_gradient_flow<float>(const TrainingRuleParameters&) {
  fail_argument("gradient-flow", "precision", "float", "double: the control of the error needs the digits");
}

}  // namespace brink
