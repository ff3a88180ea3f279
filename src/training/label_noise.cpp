// Label noise: fresh noise on the targets of every sample in the batch, at every step.

#include <algorithm>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/sampling/philox.hpp"
#include "gradient_sources.hpp"

namespace brink {
namespace {

constexpr Index kNumbersAtOnce = Index{1} << 22;  // Jacobian rows in memory: 32 MB

template <class Real>
class LabelNoise final : public GradientSource<Real> {
 public:
  LabelNoise(GradientSourcePointer<Real> base, double deviation) : base_(std::move(base)), deviation_(deviation) {}

  Real gradient(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch, StepKey key,
                VectorOf<Real>& out) const override {
    const auto* network = dynamic_cast<const NetworkObjective<Real>*>(&objective);
    check_argument(network != nullptr, "training", "label_noise", deviation_,
                   "0 for a loss that is no function of outputs (a frozen quadratic, say)");
    const Real loss = base_->gradient(objective, theta, batch, key, out);
    const Index c = network->outputs();
    const auto rows_at_once = std::max<Index>(1, kNumbersAtOnce / (c * network->parameters()));
    const auto count = static_cast<Index>(batch.samples.size());
    Philox random(key.seed, Purpose::gaussian_rows, kLabelNoiseStream, key.step);
    thread_local RowMatrixOf<Real> rows;
    thread_local VectorOf<Real> noise;
    for (Index begin = 0; begin < count; begin += rows_at_once) {
      const Index size = std::min(rows_at_once, count - begin);
      const Batch part{batch.samples.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size)),
                       batch.divisor};
      network->jacobian(theta, part, rows);
      noise.resize(size * c);
      for (Real& each : noise) each = static_cast<Real>(deviation_ * random.normal() / batch.divisor);
      out.noalias() += rows.transpose() * noise;
    }
    return loss;
  }

 private:
  GradientSourcePointer<Real> base_;
  double deviation_;
};

}  // namespace

template <class Real>
GradientSourcePointer<Real> make_label_noise(GradientSourcePointer<Real> base, double deviation) {
  return std::make_shared<LabelNoise<Real>>(std::move(base), deviation);
}

template GradientSourcePointer<float> make_label_noise(GradientSourcePointer<float>, double);
template GradientSourcePointer<double> make_label_noise(GradientSourcePointer<double>, double);

}  // namespace brink
