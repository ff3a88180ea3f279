// Stochastic gradient descent: x⁺ = x − ηg. A = 1 − ηλ, b = −η; stable without noise for ηλ < 2.

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

class Sgd final : public UpdateRule {
 public:
  explicit Sgd(const RuleParameters& parameters) : UpdateRule(parameters) {
    check_argument(parameters.momentum == 0, "sgd", "momentum", parameters.momentum,
                   "0 (choose the rule heavy-ball or nesterov for momentum)");
  }
  std::string_view name() const override { return "sgd"; }
  Index states() const override { return 1; }
  Filter filter(double eta) const override {
    Filter filter{Matrix(1, 1), Vector(1)};
    filter.a0 << 1;
    filter.b << -eta;
    return filter;
  }

 private:
  void apply(double eta, const double* gradient, double* x, double*, Index size) const override {
    for (Index i = 0; i < size; ++i) x[i] -= eta * gradient[i];
  }
};

}  // namespace

std::unique_ptr<UpdateRule> make_sgd(const RuleParameters& parameters) { return std::make_unique<Sgd>(parameters); }

}  // namespace brink
