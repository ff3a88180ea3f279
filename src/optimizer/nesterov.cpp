// Nesterov momentum [Sutskever et al. 2013], as PyTorch writes it: m⁺ = βm + g, x⁺ = x − η(g + βm⁺).
// A = [[1−η(1+β)λ, −ηβ²], [λ, β]], b = (−η(1+β), 1); stable without noise for ηλ < 2(1+β)/(1+2β) when β ≥ −1/3, and
// ηλ < 1 + 1/|β| below.

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

class Nesterov final : public UpdateRule {
 public:
  explicit Nesterov(const RuleParameters& parameters) : UpdateRule(parameters) {}
  std::string_view name() const override { return "nesterov"; }
  Index states() const override { return 2; }
  Filter filter(double eta) const override {
    const double beta = momentum();
    Filter filter{Matrix(2, 2), Vector(2)};
    filter.a0 << 1, -eta * beta * beta, 0, beta;
    filter.b << -eta * (1 + beta), 1;
    return filter;
  }

 private:
  void apply(double eta, const double* gradient, double* x, double* buffer, Index size) const override {
    const double beta = momentum();
    for (Index i = 0; i < size; ++i) {
      buffer[i] = beta * buffer[i] + gradient[i];
      x[i] -= eta * (gradient[i] + beta * buffer[i]);
    }
  }
};

}  // namespace

std::unique_ptr<UpdateRule> make_nesterov(const RuleParameters& parameters) {
  return std::make_unique<Nesterov>(parameters);
}

}  // namespace brink
