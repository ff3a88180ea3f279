// Stability of the mean: η (λ_max + κ) below the noise-free edge of the rule. Necessary, because E‖x‖² ≥ ‖E x‖².

#include "brink/stability/transfer_kernel.hpp"
#include "builtin_criteria.hpp"

namespace brink {
namespace {

class Mean final : public Criterion {
 public:
  std::string_view name() const override { return "mean"; }
  std::string_view source() const override { return "gradient descent with the same rule (Jury stability of A)"; }
  Bound evaluate(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw&, Index) const override {
    Bound bound;
    bound.status = BoundStatus::necessary;
    bound.eta = TransferKernel(rule, model.spectrum()).deterministic_edge();
    bound.residual = 1e-15;
    return bound;
  }
};

}  // namespace

std::unique_ptr<Criterion> make_mean_criterion() { return std::make_unique<Mean>(); }

}  // namespace brink
