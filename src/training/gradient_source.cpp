#include "brink/training/gradient_source.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "gradient_sources.hpp"

namespace brink {
namespace {

template <class Real>
class PlainGradient final : public GradientSource<Real> {
 public:
  Real gradient(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch, StepKey,
                VectorOf<Real>& out) const override {
    return objective.gradient(theta, batch, out);
  }
  bool is_plain() const override { return true; }
};

}  // namespace

template <class Real>
GradientSourcePointer<Real> make_plain_gradient() {
  return std::make_shared<PlainGradient<Real>>();
}

template <class Real>
std::shared_ptr<const GradientSource<Real>> make_gradient_source(const GradientSettings& settings) {
  constexpr std::string_view function = "make_gradient_source";
  const auto valid = [](double value) { return value >= 0 && std::isfinite(value); };
  check_argument(valid(settings.label_noise), function, "label_noise", settings.label_noise, "a finite number >= 0");
  check_argument(valid(settings.sam_radius), function, "sam_radius", settings.sam_radius, "a finite number >= 0");
  auto source = make_plain_gradient<Real>();
  if (settings.label_noise > 0) source = make_label_noise<Real>(source, settings.label_noise);
  if (settings.sam_radius > 0) source = make_sharpness_aware<Real>(source, settings.sam_radius);
  if (settings.noise_factor.size() > 0) source = make_given_noise<Real>(source, settings.noise_factor);
  return source;
}

template std::shared_ptr<const GradientSource<float>> make_gradient_source(const GradientSettings&);
template std::shared_ptr<const GradientSource<double>> make_gradient_source(const GradientSettings&);

}  // namespace brink
