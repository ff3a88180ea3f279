// Adam [Kingma & Ba 2015], as PyTorch writes it: m⁺ = β₁m + (1−β₁)g, v⁺ = β₂v + (1−β₂)g²,
// x⁺ = x − η/(1−β₁ᵗ) · m⁺/(√v⁺/√(1−β₂ᵗ) + ε), t = 1, 2, …: steps since the buffers were zero. Weight decay is added to
// the gradient (not AdamW). β₁ is the momentum of the rule.

#include <cmath>

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

constexpr double kBeta2 = 0.999;

template <class Real>
class Adam final : public TrainingRule<Real> {
 public:
  explicit Adam(const TrainingRuleParameters& parameters) : parameters_(parameters) {
    if (parameters_.second_momentum < 0) parameters_.second_momentum = kBeta2;
    check_argument(parameters_.momentum >= 0, "adam", "momentum", parameters_.momentum, "a number in [0, 1)");
    check_argument(parameters_.second_momentum < 1, "adam", "second_momentum", parameters_.second_momentum,
                   "a number in [0, 1)");
    check_argument(parameters_.epsilon >= 0, "adam", "epsilon", parameters_.epsilon, "a number >= 0");
  }

  std::string_view name() const override { return "adam"; }
  Index buffers() const override { return 2; }
  Index counters() const override { return 1; }

  void step(double eta, VectorOf<Real>& gradient, const GradientAt<Real>&, RuleState<Real>& state) const override {
    const Index p = state.theta.size();
    const double t = ++state.counters[0];
    const double beta1 = parameters_.momentum;
    const double beta2 = parameters_.second_momentum;
    const auto decay = static_cast<Real>(parameters_.weight_decay);
    auto g = gradient.array();
    auto x = state.theta.array();
    auto m = state.buffers.head(p).array();
    auto v = state.buffers.tail(p).array();
    if (decay != 0) g += decay * x;
    m = static_cast<Real>(beta1) * m + static_cast<Real>(1 - beta1) * g;
    v = static_cast<Real>(beta2) * v + static_cast<Real>(1 - beta2) * g.square();
    const auto size = static_cast<Real>(eta / (1 - std::pow(beta1, t)));
    const auto root = static_cast<Real>(std::sqrt(1 - std::pow(beta2, t)));
    x -= size * m / (v.sqrt() / root + static_cast<Real>(parameters_.epsilon));
  }

 private:
  TrainingRuleParameters parameters_;
};

}  // namespace

template <class Real>
std::unique_ptr<TrainingRule<Real>> make_adam(const TrainingRuleParameters& parameters) {
  return std::make_unique<Adam<Real>>(parameters);
}

template std::unique_ptr<TrainingRule<float>> make_adam(const TrainingRuleParameters&);
template std::unique_ptr<TrainingRule<double>> make_adam(const TrainingRuleParameters&);

}  // namespace brink
