// Exponential moving average of the gradient: m⁺ = βm + (1−β)g, x⁺ = x − ηm⁺ (dampening τ = β; the first moment of
// Adam). Stable without noise for ηλ < 2(1+β)/(1−β), 38 at β = 0.9.

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

class Ema final : public UpdateRule {
 public:
  explicit Ema(const RuleParameters& parameters) : UpdateRule(parameters) {}
  std::string_view name() const override { return "ema"; }
  Index states() const override { return 2; }
  Filter filter(double eta) const override {
    const double beta = momentum();
    Filter filter{Matrix(2, 2), Vector(2)};
    filter.a0 << 1, -eta * beta, 0, beta;
    filter.b << -eta * (1 - beta), 1 - beta;
    return filter;
  }

 private:
  void apply(double eta, const double* gradient, double* x, double* buffer, Index size) const override {
    const double beta = momentum();
    for (Index i = 0; i < size; ++i) {
      buffer[i] = beta * buffer[i] + (1 - beta) * gradient[i];
      x[i] -= eta * buffer[i];
    }
  }
};

}  // namespace

std::unique_ptr<UpdateRule> make_ema(const RuleParameters& parameters) { return std::make_unique<Ema>(parameters); }

}  // namespace brink
