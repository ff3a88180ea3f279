// The linear filters of brink/optimizer: the real update that simulation uses too.

#include "builtin_rules.hpp"

namespace brink {
namespace {

/// z⁺ = (A₀ + κ b e₁ᵀ) z + b g for every parameter, in single precision: rules are written once, in double, and a
/// conversion of every number would cost more than the update.
void apply_filter(const Filter& filter, double weight_decay, Index size, const float* g, float* x, float* buffers) {
  const Index k = filter.b.size();
  SingleMatrix a = filter.a0.cast<float>();
  const SingleVector b = filter.b.cast<float>();
  a.col(0) += static_cast<float>(weight_decay) * b;
  if (k == 1) {
    const float keep = a(0, 0);
    const float push = b[0];
    for (Index i = 0; i < size; ++i) x[i] = keep * x[i] + push * g[i];
    return;
  }
  if (k == 2) {
    const float xx = a(0, 0), xm = a(0, 1), mx = a(1, 0), mm = a(1, 1), xg = b[0], mg = b[1];
    for (Index i = 0; i < size; ++i) {
      const float at = x[i];
      const float m = buffers[i];
      x[i] = xx * at + (xm * m + xg * g[i]);
      buffers[i] = mx * at + (mm * m + mg * g[i]);
    }
    return;
  }
  thread_local SingleVector before;
  before.resize(k);
  for (Index i = 0; i < size; ++i) {
    before[0] = x[i];
    for (Index s = 1; s < k; ++s) before[s] = buffers[(s - 1) * size + i];
    x[i] = a.row(0).dot(before) + b[0] * g[i];
    for (Index s = 1; s < k; ++s) buffers[(s - 1) * size + i] = a.row(s).dot(before) + b[s] * g[i];
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
    } else {
      apply_filter(rule_->filter(eta), rule_->weight_decay(), p, gradient.data(), state.theta.data(),
                   state.buffers.data());
    }
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
