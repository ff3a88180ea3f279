#include "sgd_criterion.hpp"

#include "brink/linalg/symmetric_eigen.hpp"

namespace brink {
namespace {

/// x answers a unit gradient with −η at once and never again: SGD, whatever the name of the rule.
bool is_plain_sgd(const UpdateRule& rule) {
  if (rule.weight_decay() != 0) return false;
  const Filter filter = rule.filter(1.0);
  Vector response = filter.b;
  for (Index s = 0; s <= rule.states(); ++s) {
    if (response[0] != -1.0) return false;
    response = filter.a0 * response;
  }
  return true;
}

}  // namespace

Bound SgdCriterion::evaluate(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                             Index batch_size) const {
  Bound bound;
  if (!is_plain_sgd(rule)) {
    bound.reason = "stated for SGD without momentum or weight decay";
    return bound;
  }
  if (model.spectrum().minCoeff() <= 0) {
    bound.reason = "stated for a minimum: H has an eigenvalue <= 0";
    return bound;
  }
  if (needs_semidefinite_samples() && !law.fresh_gaussian_rows() && model.samples().is_signed()) {
    bound.reason = "stated for positive semidefinite H_k";
    return bound;
  }
  const NoiseOperator noise(model, law, batch_size);
  evaluate({model, law, batch_size, noise}, bound);
  const double edge = 2 / model.lambda_max();
  if (bound.status == BoundStatus::necessary && bound.reason.empty()) {
    bound.vacuous = !bound.eta || *bound.eta > edge * (1 + 1e-12);
    if (bound.vacuous) bound.reason = bound.eta ? "above the noise-free edge 2/lambda_max" : "no noise at full batch";
  }
  return bound;
}

double largest_quotient(Matrix a, const Vector& lambda) {
  const Vector root = lambda.cwiseSqrt().cwiseInverse();
  a = (root.asDiagonal() * a * root.asDiagonal()).eval();
  return symmetric_eigenvalues(a)[0];
}

}  // namespace brink
