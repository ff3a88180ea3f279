// Heavy ball [Polyak 1964], as PyTorch writes it: m⁺ = βm + g, x⁺ = x − ηm⁺.
// A = [[1−ηλ, −ηβ], [λ, β]], b = (−η, 1); stable without noise for ηλ < 2(1+β).

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

class HeavyBall final : public UpdateRule {
 public:
  explicit HeavyBall(const RuleParameters& parameters) : UpdateRule(parameters) {}
  std::string_view name() const override { return "heavy-ball"; }
  Index states() const override { return 2; }
  Filter filter(double eta) const override {
    const double beta = momentum();
    Filter filter{Matrix(2, 2), Vector(2)};
    filter.a0 << 1, -eta * beta, 0, beta;
    filter.b << -eta, 1;
    return filter;
  }

 private:
  void apply(double eta, const double* gradient, double* x, double* buffer, Index size) const override {
    const double beta = momentum();
    for (Index i = 0; i < size; ++i) {
      buffer[i] = beta * buffer[i] + gradient[i];
      x[i] -= eta * buffer[i];
    }
  }
};

}  // namespace

std::unique_ptr<UpdateRule> make_heavy_ball(const RuleParameters& parameters) {
  return std::make_unique<HeavyBall>(parameters);
}

}  // namespace brink
