#pragma once
// A linear step as what is done with the entries of a gradient.

#include "brink/network/linear_step.hpp"
#include "pack.hpp"

namespace brink::network_detail {

/// The forms of a step that do with fewer products than all six.
enum class StepForm { no_buffer, heavy_ball, general };

template <StepForm form, class Real>
struct StepSink {
  LinearStep<Real> step;
  Real* x;
  Real* m;

  template <class Vector>
  void operator()(Index at, Vector g) const {
    constexpr int width = sizeof(Vector) / sizeof(Real);
    const Vector before = load<width>(x + at);
    if constexpr (form == StepForm::no_buffer) {
      store(x + at, before + (step.xx * before + step.xg * g));
    } else {
      Vector buffer = step.mm * load<width>(m + at);
      if constexpr (form == StepForm::heavy_ball) {
        buffer += g;
        store(x + at, before + step.xm * buffer);
      } else {
        buffer += step.mx * before + step.mg * g;
        store(x + at, before + (step.xx * before + (step.xm * buffer + step.xg * g)));
      }
      store(m + at, buffer);
    }
  }
};

/// Calls use(sink) with the sink of `step` on the parameters from x on, with buffers from m on (null: none).
template <class Real, class Use>
void with_step_sink(const LinearStep<Real>& step, Real* x, Real* m, const Use& use) {
  if (m == nullptr) return use(StepSink<StepForm::no_buffer, Real>{step, x, m});
  const bool heavy_ball = step.xx == 0 && step.xg == 0 && step.mx == 0 && step.mg == 1;
  if (heavy_ball) return use(StepSink<StepForm::heavy_ball, Real>{step, x, m});
  use(StepSink<StepForm::general, Real>{step, x, m});
}

}  // namespace brink::network_detail
