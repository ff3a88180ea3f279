#pragma once
// A way to know Λ(q) exactly for every q, and the roots that all of them need.

#include <functional>
#include <memory>

#include "brink/base/estimate.hpp"
#include "brink/base/stable_steps.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

class MomentMethod {
 public:
  virtual ~MomentMethod() = default;
  /// Λ(q); λ for q = 0.
  [[nodiscard]] virtual Estimate log_growth(double q, double eta) const = 0;
  [[nodiscard]] virtual StableSteps stable_steps(double q) const = 0;
  /// True when no batch makes any state longer: every moment decays, and there is no tail index.
  [[nodiscard]] virtual bool contracts_always(double eta) const = 0;
};

/// Null where the method does not apply.
[[nodiscard]] std::unique_ptr<MomentMethod> make_noise_free_moments(const LinearizedModel& model,
                                                                    std::shared_ptr<const UpdateRule> rule,
                                                                    const BatchLaw& law, Index batch_size);
[[nodiscard]] std::unique_ptr<MomentMethod> make_scalar_moments(const LinearizedModel& model, const UpdateRule& rule,
                                                                const BatchLaw& law, Index batch_size);
[[nodiscard]] std::unique_ptr<MomentMethod> make_isotropic_moments(const LinearizedModel& model, const UpdateRule& rule,
                                                                   const BatchLaw& law, Index batch_size);

using GrowthFunction = std::function<Estimate(double)>;

struct GrowthRoot {
  double x = 0;
  double error = 0;  ///< bracket plus error of the growth over its slope
};

/// The zero of f between low and high, where it has different signs.
[[nodiscard]] GrowthRoot growth_root(const GrowthFunction& f, double low, double high);

/// The stable interval (0, η') of a growth that is negative just above 0 and changes its sign once up to `edge`, beyond
/// which nothing is stable. The edge itself, when growth is not positive there.
[[nodiscard]] StableSteps single_interval(const GrowthFunction& f, double edge);

/// The stable intervals between 0 and the last of the ascending points, at each of which f is looked at; small step
/// sizes count as stable, also below the first point.
[[nodiscard]] StableSteps scanned_intervals(const GrowthFunction& f, const std::vector<double>& points);

}  // namespace brink
