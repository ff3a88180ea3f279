#include "brink/verification/verification.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "judgement.hpp"
#include "measurement.hpp"
#include "theory.hpp"

namespace brink {
namespace {

constexpr const char* kFunction = "verify";

void check_plan(const LoadedModel& model, const VerificationPlan& plan) {
  check_argument(!plan.cells.empty(), kFunction, "cells", "none", "at least one");
  check_argument(!plan.eta_over_threshold.empty() || !plan.eta.empty(), kFunction, "eta_over_threshold and eta",
                 "empty", "at least one step size");
  for (const double factor : plan.eta_over_threshold)
    check_argument(factor > 0 && std::isfinite(factor), kFunction, "eta_over_threshold", factor, "a number > 0");
  for (const double eta : plan.eta)
    check_argument(eta > 0 && std::isfinite(eta), kFunction, "eta", eta, "a number > 0");
  check_argument(plan.method == "cloning" || plan.method == "ensemble", kFunction, "method", plan.method,
                 "cloning or ensemble (theory is of the second moment)");
  check_argument(plan.moment == 2, kFunction, "moment", plan.moment, "2 (theory is of the second moment)");
  check_argument(plan.replicas >= 2, kFunction, "replicas", plan.replicas, "an integer >= 2");
  check_argument(plan.burn_in >= 0, kFunction, "burn_in", plan.burn_in, "an integer >= 0");
  check_argument(plan.level > 0 && plan.level < 1, kFunction, "level", plan.level, "0 < level < 1");
  check_argument(plan.largest_undetectable > 0, kFunction, "largest_undetectable", plan.largest_undetectable,
                 "a number > 0");
  check_argument(plan.perturb_theory > -1 && std::isfinite(plan.perturb_theory), kFunction, "perturb_theory",
                 plan.perturb_theory, "a number > -1");
  check_argument(plan.threads >= 1, kFunction, "threads", plan.threads, "an integer >= 1");
  for (const std::size_t cell : plan.direct_cells) {
    check_argument(cell < plan.cells.size(), kFunction, "direct_cells", cell,
                   "an index below the number of cells, " + std::to_string(plan.cells.size()));
    check_argument(model.original != nullptr && !make_batch_law(plan.cells[cell].sampling)->fresh_gaussian_rows(),
                   kFunction, "direct_cells", cell, "a cell that draws batches from finitely many samples");
  }
}

}  // namespace

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::agree:
      return "agree";
    case Verdict::disagree:
      return "disagree";
    case Verdict::cannot_tell:
      break;
  }
  return "cannot tell";
}

VerificationReport verify(const LoadedModel& model, const VerificationPlan& plan, const Monitor& monitor,
                          const Checkpoint& checkpoint) {
  check_plan(model, plan);
  const auto theories = compute_theory(model.model, plan.cells, {plan.eta_over_threshold, plan.eta},
                                       plan.perturb_theory, plan.threads, monitor);
  const auto units = measurement_units(model, plan, theories);
  const auto measurements = measure(model, plan, theories, units, monitor, checkpoint);
  return judge(plan, theories, units, measurements);
}

}  // namespace brink
