#include "brink/network/linear_step.hpp"

#include "step_sink.hpp"

namespace brink {

template <class Real>
void take_step(const LinearStep<Real>& step, Index count, const Real* g, Real* x, Real* m) {
  using network_detail::load;
  constexpr int width = network_detail::kWidth<Real>;
  network_detail::with_step_sink(step, x, m, [&](auto sink) {
    Index at = 0;
    for (; at + width <= count; at += width) sink(at, load<width>(g + at));
    for (; at < count; ++at) sink(at, load<1>(g + at));
  });
}

template void take_step(const LinearStep<float>&, Index, const float*, float*, float*);
template void take_step(const LinearStep<double>&, Index, const double*, double*, double*);

}  // namespace brink
