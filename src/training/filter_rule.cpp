// The linear filters of brink/optimizer: the real update that simulation uses too.

#include <cmath>
#include <limits>

#include "builtin_rules.hpp"

namespace brink {
namespace {

/// z⁺ = (A₀ + κ b e₁ᵀ) z + b g with weight decay κ, with the buffer first, as rules are written: none with more than
/// one buffer, or where the parameter moves along a buffer that forgets itself at once.
std::optional<LinearStep<double>> linear_step(const Filter& filter, double decay) {
  const Matrix& a = filter.a0;
  const Vector& b = filter.b;
  LinearStep<double> step;
  step.xx = a(0, 0) - 1;
  step.xg = b[0];
  if (b.size() == 2) {
    if (a(1, 1) != 0) {
      step.xm = a(0, 1) / a(1, 1);
    } else if (a(0, 1) != 0) {
      return std::nullopt;
    }
    step.xx -= step.xm * a(1, 0);
    step.xg -= step.xm * b[1];
    // Nothing, but for rounding, where a rule moves along its buffer alone.
    if (std::abs(step.xg) <= 4 * std::numeric_limits<double>::epsilon() * std::abs(b[0])) step.xg = 0;
    step.mx = a(1, 0) + decay * b[1];
    step.mm = a(1, 1);
    step.mg = b[1];
  } else if (b.size() != 1) {
    return std::nullopt;
  }
  step.xx += decay * step.xg;
  return step;
}

/// Any filter in single precision: rules are written once, in double, and a conversion of every number would cost more
/// than the update. The buffers of a parameter are `count` apart.
void filter_singles(Filter filter, double decay, Index count, const float* g, float* x, float* buffers) {
  filter.a0.col(0) += decay * filter.b;
  const SingleMatrix a = filter.a0.cast<float>();
  const SingleVector b = filter.b.cast<float>();
  const Index k = b.size();
  SingleVector before(k);
  for (Index i = 0; i < count; ++i) {
    before[0] = x[i];
    for (Index s = 1; s < k; ++s) before[s] = buffers[(s - 1) * count + i];
    x[i] = a.row(0).dot(before) + b[0] * g[i];
    for (Index s = 1; s < k; ++s) buffers[(s - 1) * count + i] = a.row(s).dot(before) + b[s] * g[i];
  }
}

template <class Real>
class FilterRule final : public TrainingRule<Real> {
 public:
  explicit FilterRule(std::unique_ptr<UpdateRule> rule) : rule_(std::move(rule)) {}

  std::string_view name() const override { return rule_->name(); }
  Index buffers() const override { return rule_->states() - 1; }

  void step(double eta, VectorOf<Real>& gradient, const GradientAt<Real>&, RuleState<Real>& state) const override {
    const Index p = state.theta.size();
    if constexpr (std::is_same_v<Real, double>) {
      rule_->step(eta, gradient.data(), state.theta.data(), state.buffers.data(), p);
    } else if (const auto linear = linear_step(eta)) {
      take_step(*linear, p, gradient.data(), state.theta.data(), buffers() == 0 ? nullptr : state.buffers.data());
    } else {
      filter_singles(rule_->filter(eta), rule_->weight_decay(), p, gradient.data(), state.theta.data(),
                     state.buffers.data());
    }
  }

  std::optional<LinearStep<Real>> linear_step(double eta) const override {
    const auto step = brink::linear_step(rule_->filter(eta), rule_->weight_decay());
    if (!step) return std::nullopt;
    const auto real = [](double value) { return static_cast<Real>(value); };
    return LinearStep<Real>{real(step->xx), real(step->xm), real(step->xg),
                            real(step->mx), real(step->mm), real(step->mg)};
  }

 private:
  std::unique_ptr<UpdateRule> rule_;
};

}  // namespace

template <class Real>
std::unique_ptr<TrainingRule<Real>> make_filter_rule(std::unique_ptr<UpdateRule> rule) {
  return std::make_unique<FilterRule<Real>>(std::move(rule));
}

template std::unique_ptr<TrainingRule<float>> make_filter_rule(std::unique_ptr<UpdateRule>);
template std::unique_ptr<TrainingRule<double>> make_filter_rule(std::unique_ptr<UpdateRule>);

}  // namespace brink
