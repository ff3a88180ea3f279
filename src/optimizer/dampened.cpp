// Heavy ball with dampening τ, as PyTorch writes it: m⁺ = βm + (1−τ)g, x⁺ = x − ηm⁺.
// Heavy ball at step size η(1−τ); stable without noise for ηλ < 2(1+β)/(1−τ).

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

class Dampened final : public UpdateRule {
 public:
  explicit Dampened(const RuleParameters& parameters) : UpdateRule(parameters) {
    check_argument(parameters.dampening >= 0 && parameters.dampening < 1, "dampened", "dampening", parameters.dampening,
                   "a number in [0, 1)");
  }
  std::string_view name() const override { return "dampened"; }
  Index states() const override { return 2; }
  Filter filter(double eta) const override {
    const double beta = momentum();
    const double tau = parameters().dampening;
    Filter filter{Matrix(2, 2), Vector(2)};
    filter.a0 << 1, -eta * beta, 0, beta;
    filter.b << -eta * (1 - tau), 1 - tau;
    return filter;
  }

 private:
  void apply(double eta, const double* gradient, double* x, double* buffer, Index size) const override {
    const double beta = momentum();
    const double tau = parameters().dampening;
    for (Index i = 0; i < size; ++i) {
      buffer[i] = beta * buffer[i] + (1 - tau) * gradient[i];
      x[i] -= eta * buffer[i];
    }
  }
};

}  // namespace

std::unique_ptr<UpdateRule> make_dampened(const RuleParameters& parameters) {
  return std::make_unique<Dampened>(parameters);
}

}  // namespace brink
