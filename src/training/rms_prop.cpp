// RMSProp [Tieleman & Hinton 2012], as PyTorch writes it (not centred): v⁺ = αv + (1−α)g², d = g/(√v⁺ + ε),
// m⁺ = βm + d, x⁺ = x − ηm⁺. v starts at 0 and is not corrected for it. Without momentum m⁺ = d.

#include "brink/base/error.hpp"
#include "builtin_rules.hpp"

namespace brink {
namespace {

constexpr double kAlpha = 0.99;

template <class Real>
class RmsProp final : public TrainingRule<Real> {
 public:
  explicit RmsProp(const TrainingRuleParameters& parameters) : parameters_(parameters) {
    if (parameters_.second_momentum < 0) parameters_.second_momentum = kAlpha;
    check_argument(parameters_.second_momentum < 1, "rmsprop", "second_momentum", parameters_.second_momentum,
                   "a number in [0, 1)");
    check_argument(parameters_.epsilon >= 0, "rmsprop", "epsilon", parameters_.epsilon, "a number >= 0");
  }

  std::string_view name() const override { return "rmsprop"; }
  Index buffers() const override { return parameters_.momentum == 0 ? 1 : 2; }

  void step(double eta, VectorOf<Real>& gradient, const GradientAt<Real>&, RuleState<Real>& state) const override {
    const Index p = state.theta.size();
    const auto alpha = static_cast<Real>(parameters_.second_momentum);
    const auto rest = static_cast<Real>(1 - parameters_.second_momentum);
    const auto beta = static_cast<Real>(parameters_.momentum);
    const auto decay = static_cast<Real>(parameters_.weight_decay);
    auto g = gradient.array();
    auto x = state.theta.array();
    auto v = state.buffers.head(p).array();
    if (decay != 0) g += decay * x;
    v = alpha * v + rest * g.square();
    g /= v.sqrt() + static_cast<Real>(parameters_.epsilon);
    if (beta == 0) {
      x -= static_cast<Real>(eta) * g;
    } else {
      auto m = state.buffers.tail(p).array();
      m = beta * m + g;
      x -= static_cast<Real>(eta) * m;
    }
  }

 private:
  TrainingRuleParameters parameters_;
};

}  // namespace

template <class Real>
std::unique_ptr<TrainingRule<Real>> make_rms_prop(const TrainingRuleParameters& parameters) {
  return std::make_unique<RmsProp<Real>>(parameters);
}

template std::unique_ptr<TrainingRule<float>> make_rms_prop(const TrainingRuleParameters&);
template std::unique_ptr<TrainingRule<double>> make_rms_prop(const TrainingRuleParameters&);

}  // namespace brink
