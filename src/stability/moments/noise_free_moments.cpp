// Without noise every trajectory grows at the same rate: Λ(q) = q ln ρ(A).

#include "brink/stability/transfer_kernel.hpp"
#include "moment_method.hpp"

namespace brink {
namespace {

class NoiseFreeMoments final : public MomentMethod {
 public:
  NoiseFreeMoments(const LinearizedModel& model, std::shared_ptr<const UpdateRule> rule)
      : rule_(std::move(rule)), kernel_(*rule_, model.spectrum()) {}

  Estimate log_growth(double q, double eta) const override {
    const double rate = 0.5 * kernel_.log_noise_free_growth(eta);
    return {q == 0 ? rate : q * rate, 1e-14, ErrorKind::residual, "spectral radius without noise", {}};
  }

  StableSteps stable_steps(double /*q*/) const override {
    const double edge = kernel_.deterministic_edge();
    StableSteps steps;
    steps.method = "noise-free edge";
    steps.searched_to = edge;
    if (edge > 0) steps.intervals.push_back({0, 0, edge, 1e-14 * edge, false});
    // With up to two states the conditions of Jury are affine in ηλ: one interval. Longer filters may come back beyond
    // their edge.
    steps.complete = rule_->states() <= 2;
    return steps;
  }

  bool contracts_always(double eta) const override { return kernel_.log_noise_free_growth(eta) < 0; }

 private:
  std::shared_ptr<const UpdateRule> rule_;
  TransferKernel kernel_;
};

}  // namespace

std::unique_ptr<MomentMethod> make_noise_free_moments(const LinearizedModel& model,
                                                      std::shared_ptr<const UpdateRule> rule, const BatchLaw& law,
                                                      Index batch_size) {
  if (!model.has_samples() || law.fresh_gaussian_rows()) return nullptr;
  if (law.second_moment(model.samples().samples, batch_size).p1 != 0) return nullptr;
  return std::make_unique<NoiseFreeMoments>(model, std::move(rule));
}

}  // namespace brink
