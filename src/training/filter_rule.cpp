// The linear filters of brink/optimizer: the real update that simulation uses too.

#include "builtin_rules.hpp"

namespace brink {
namespace {

/// z⁺ = (A₀ + κ b e₁ᵀ) z + b g in single precision: rules are written once, in double, and a conversion of every number
/// would cost more than the update.
class SingleFilter {
 public:
  SingleFilter(const Filter& filter, double weight_decay) : a_(filter.a0.cast<float>()), b_(filter.b.cast<float>()) {
    a_.col(0) += static_cast<float>(weight_decay) * b_;
  }

  /// `count` parameters x and their buffers, which are `stride` apart.
  void apply(Index count, Index stride, const float* g, float* x, float* buffers) const {
    const Index k = b_.size();
    if (k == 1) {
      const float keep = a_(0, 0);
      const float push = b_[0];
      for (Index i = 0; i < count; ++i) x[i] = keep * x[i] + push * g[i];
      return;
    }
    if (k == 2) {
      const float xx = a_(0, 0), xm = a_(0, 1), mx = a_(1, 0), mm = a_(1, 1), xg = b_[0], mg = b_[1];
      if (xx == 1 && mx == 0) {  // heavy ball: two products less
        for (Index i = 0; i < count; ++i) {
          const float m = buffers[i];
          x[i] += xm * m + xg * g[i];
          buffers[i] = mm * m + mg * g[i];
        }
        return;
      }
      for (Index i = 0; i < count; ++i) {
        const float at = x[i];
        const float m = buffers[i];
        x[i] = xx * at + (xm * m + xg * g[i]);
        buffers[i] = mx * at + (mm * m + mg * g[i]);
      }
      return;
    }
    thread_local SingleVector before;
    before.resize(k);
    for (Index i = 0; i < count; ++i) {
      before[0] = x[i];
      for (Index s = 1; s < k; ++s) before[s] = buffers[(s - 1) * stride + i];
      x[i] = a_.row(0).dot(before) + b_[0] * g[i];
      for (Index s = 1; s < k; ++s) buffers[(s - 1) * stride + i] = a_.row(s).dot(before) + b_[s] * g[i];
    }
  }

 private:
  SingleMatrix a_;
  SingleVector b_;
};

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
      SingleFilter(rule_->filter(eta), rule_->weight_decay())
          .apply(p, p, gradient.data(), state.theta.data(), state.buffers.data());
    }
  }

  TakePiece<Real> step_in_pieces(double eta, RuleState<Real>& state) const override {
    if constexpr (std::is_same_v<Real, double>) {
      if (buffers() > 1) return nullptr;  // UpdateRule::step wants buffers one after the other
      return [this, eta, &state](Index first, Index count, double* gradient) {
        rule_->step(eta, gradient, state.theta.data() + first, state.buffers.data() + (buffers() == 0 ? 0 : first),
                    count);
      };
    } else {
      return [filter = SingleFilter(rule_->filter(eta), rule_->weight_decay()), &state](Index first, Index count,
                                                                                        float* gradient) {
        filter.apply(count, state.theta.size(), gradient, state.theta.data() + first,
                     state.buffers.size() == 0 ? nullptr : state.buffers.data() + first);
      };
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
