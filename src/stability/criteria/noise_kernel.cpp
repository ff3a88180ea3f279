// The noise-kernel norm K of Agarwala & Pennington 2024 (arXiv 2404.19261): the top eigenvalue of the transfer map M at
// growth 1. K = 1 is the stochastic edge of stability, for every rule and law: exact.

#include "brink/stability/mean_square.hpp"
#include "builtin_criteria.hpp"

namespace brink {
namespace {

class NoiseKernel final : public Criterion {
 public:
  std::string_view name() const override { return "noise-kernel"; }
  std::string_view source() const override { return "Agarwala & Pennington 2024, arXiv 2404.19261"; }
  Bound evaluate(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                 Index batch_size) const override {
    const MeanSquareThreshold threshold = mean_square_threshold(model, rule, law, batch_size);
    Bound bound;
    bound.status = BoundStatus::exact;
    bound.eta = threshold.eta;
    bound.residual = threshold.residual;
    if (threshold.critical_mode.size() == 0) bound.reason = "the norm stays below 1 up to the noise-free edge";
    return bound;
  }
};

}  // namespace

std::unique_ptr<Criterion> make_noise_kernel_criterion() { return std::make_unique<NoiseKernel>(); }

}  // namespace brink
