// The linear filters of brink/optimizer: the real update that simulation uses too.

#include <algorithm>
#include <array>

#include "builtin_rules.hpp"

namespace brink {
namespace {

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
      // The rules are written once, in double. A block at a time is converted, moved and rounded back: parameters and
      // buffers are single, and the arithmetic of one update does not lose more than their rounding.
      constexpr Index kBlock = 512;
      std::array<double, kBlock> g;
      std::array<double, kBlock> x;
      thread_local std::vector<double> m;
      m.resize(static_cast<std::size_t>(std::max<Index>(buffers() * kBlock, 1)));
      for (Index begin = 0; begin < p; begin += kBlock) {
        const Index size = std::min(kBlock, p - begin);
        std::copy_n(gradient.data() + begin, size, g.data());
        std::copy_n(state.theta.data() + begin, size, x.data());
        for (Index b = 0; b < buffers(); ++b) std::copy_n(state.buffers.data() + b * p + begin, size, &m[b * size]);
        rule_->step(eta, g.data(), x.data(), m.data(), size);
        round_back(x.data(), size, state.theta.data() + begin);
        for (Index b = 0; b < buffers(); ++b) round_back(&m[b * size], size, state.buffers.data() + b * p + begin);
      }
    }
  }

 private:
  static void round_back(const double* from, Index size, Real* to) {
    for (Index i = 0; i < size; ++i) to[i] = static_cast<Real>(from[i]);
  }

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
