// The trace bound of Wu & Su 2023 (arXiv 2305.17490) for samples with c outputs: tr H ≤ 2c/(p1 η).
//
// The noise kernel M at growth 1 has the Rayleigh quotient (p1/c) Σ_i w_ii λ_i² at q_k = I_c, and for SGD w_ii =
// η/(λ_i(2 − (1−p2) ηλ_i)) ≥ η/(2λ_i): stability, λ_max(M) ≤ 1, needs p1 η tr(H)/(2c) ≤ 1.

#include "builtin_criteria.hpp"
#include "sgd_criterion.hpp"

namespace brink {
namespace {

class Trace final : public SgdCriterion {
 public:
  std::string_view name() const override { return "trace"; }
  std::string_view source() const override { return "Wu & Su 2023, arXiv 2305.17490"; }

 protected:
  bool needs_semidefinite_samples() const override { return true; }
  void evaluate(const SgdCell& cell, Bound& bound) const override {
    bound.status = BoundStatus::necessary;
    if (cell.noise.p1() == 0) return;
    const double outputs = cell.noise.has_samples() ? static_cast<double>(cell.model.samples().outputs) : 1.0;
    bound.eta = 2 * outputs / (cell.noise.p1() * cell.model.trace());
    bound.residual = dense_rounding(cell.model.rank());
  }
};

}  // namespace

std::unique_ptr<Criterion> make_trace_criterion() { return std::make_unique<Trace>(); }

}  // namespace brink
