#pragma once
// The gradient sources, one file each.

#include <cstdint>

#include "brink/training/gradient_source.hpp"

namespace brink {

// The noise of each source has its own stream of Purpose::gaussian_rows.
constexpr std::uint32_t kLabelNoiseStream = 1;
constexpr std::uint32_t kGivenNoiseStream = 2;

template <class Real>
using GradientSourcePointer = std::shared_ptr<const GradientSource<Real>>;

template <class Real>
[[nodiscard]] GradientSourcePointer<Real> make_plain_gradient();
template <class Real>
[[nodiscard]] GradientSourcePointer<Real> make_label_noise(GradientSourcePointer<Real> base, double deviation);
template <class Real>
[[nodiscard]] GradientSourcePointer<Real> make_sharpness_aware(GradientSourcePointer<Real> base, double radius);
template <class Real>
[[nodiscard]] GradientSourcePointer<Real> make_given_noise(GradientSourcePointer<Real> base, const RowMatrix& factor);

}  // namespace brink
