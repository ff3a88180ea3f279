// Quasi-hyperbolic momentum [Ma & Yarats 2019]: m⁺ = βm + (1−β)g, x⁺ = x − η((1−ν)g + νm⁺).
// A = [[1−ηλ(1−νβ), −ηνβ], [(1−β)λ, β]], b = (−η(1−νβ), 1−β); stable without noise for ηλ < 2(1+β)/(1+β(1−2ν)).

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

class Qhm final : public UpdateRule {
 public:
  explicit Qhm(const RuleParameters& parameters) : UpdateRule(parameters) {
    check_argument(parameters.nu >= 0 && parameters.nu <= 1, "qhm", "nu", parameters.nu, "a number in [0, 1]");
  }
  std::string_view name() const override { return "qhm"; }
  Index states() const override { return 2; }
  Filter filter(double eta) const override {
    const double beta = momentum();
    const double nu = parameters().nu;
    Filter filter{Matrix(2, 2), Vector(2)};
    filter.a0 << 1, -eta * nu * beta, 0, beta;
    filter.b << -eta * (1 - nu * beta), 1 - beta;
    return filter;
  }

 private:
  void apply(double eta, const double* gradient, double* x, double* buffer, Index size) const override {
    const double beta = momentum();
    const double nu = parameters().nu;
    for (Index i = 0; i < size; ++i) {
      buffer[i] = beta * buffer[i] + (1 - beta) * gradient[i];
      x[i] -= eta * ((1 - nu) * gradient[i] + nu * buffer[i]);
    }
  }
};

}  // namespace

std::unique_ptr<UpdateRule> make_qhm(const RuleParameters& parameters) { return std::make_unique<Qhm>(parameters); }

}  // namespace brink
