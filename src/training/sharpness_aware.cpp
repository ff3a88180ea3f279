// Sharpness-aware minimization: the gradient at the worst point nearby, to first order.

#include "gradient_sources.hpp"
#include "scaled_norm.hpp"

namespace brink {
namespace {

template <class Real>
class SharpnessAware final : public GradientSource<Real> {
 public:
  SharpnessAware(GradientSourcePointer<Real> base, double radius) : base_(std::move(base)), radius_(radius) {}

  Real gradient(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch, StepKey key,
                VectorOf<Real>& out) const override {
    const Real loss = base_->gradient(objective, theta, batch, key, out);
    const auto norm = static_cast<Real>(scaled_norm(out));
    // At a stationary point there is no direction of ascent; the gradient is the answer.
    if (!(norm > 0)) return loss;
    thread_local VectorOf<Real> worse;
    worse = theta + (static_cast<Real>(radius_) / norm) * out;
    base_->gradient(objective, worse, batch, key, out);
    return loss;
  }

 private:
  GradientSourcePointer<Real> base_;
  double radius_;
};

}  // namespace

template <class Real>
GradientSourcePointer<Real> make_sharpness_aware(GradientSourcePointer<Real> base, double radius) {
  return std::make_shared<SharpnessAware<Real>>(std::move(base), radius);
}

template GradientSourcePointer<float> make_sharpness_aware(GradientSourcePointer<float>, double);
template GradientSourcePointer<double> make_sharpness_aware(GradientSourcePointer<double>, double);

}  // namespace brink
