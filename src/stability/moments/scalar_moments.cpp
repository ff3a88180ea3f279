// One parameter under SGD: a step multiplies x by 1 − ηh, h the curvature of the batch plus weight decay. So Λ(q) = ln
// E |1 − ηh|^q and λ = E ln|1 − ηh|, by enumeration of the batches.
//
// The stable step sizes are found by proof. For q ≥ 1, η ↦ E|1 − ηh|^q is convex with value 1 at 0: one interval. For 0
// ≤ q < 1 every term is concave between the poles η = 1/h, and so is the sum: between neighbouring poles it exceeds its
// limit on one interval at most, found from its maximum; beyond the last pole it increases.

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "brink/sampling/batch_enumeration.hpp"
#include "brink/stability/exact_moments.hpp"
#include "moment_method.hpp"

namespace brink {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Batches that may be visited; fewer different curvatures remain.
constexpr double kMostVisits = 1e6;

class ScalarMoments final : public MomentMethod {
 public:
  struct Batch {
    double curvature;
    double probability;
  };
  explicit ScalarMoments(std::vector<Batch> batches) : batches_(std::move(batches)) {
    for (const Batch& batch : batches_) {
      mean_ += batch.probability * batch.curvature;
      if (batch.curvature > 0) poles_.push_back(1 / batch.curvature);
    }
    std::sort(poles_.begin(), poles_.end());
  }

  Estimate log_growth(double q, double eta) const override {
    Estimate result{0, 0, ErrorKind::residual, "enumeration of the batches", {}};
    double largest = -kInfinity;
    double scale = 0;
    for (const Batch& batch : batches_) {
      const double factor = log_factor(batch.curvature, eta);
      largest = std::max(largest, factor);
      if (std::isfinite(factor)) scale = std::max(scale, std::abs(factor));
    }
    double sum = 0;
    // Around the largest term, so that no power overflows; around 1 where they are all near it, so that ln E keeps its
    // digits next to zero.
    const double shift = q * scale < 1 ? 0 : largest;
    for (const Batch& batch : batches_) {
      const double factor = log_factor(batch.curvature, eta);
      sum += batch.probability * (q == 0       ? factor
                                  : shift == 0 ? std::expm1(q * factor)
                                               : std::exp(q * (factor - shift)));
    }
    result.value = q == 0 ? sum : shift == 0 ? std::log1p(sum) : q * shift + std::log(sum);
    result.error = 1e-15 * (1 + std::max(q, 1.0) * scale);
    return result;
  }

  StableSteps stable_steps(double q) const override {
    const GrowthFunction growth = [this, q](double eta) { return log_growth(q, eta); };
    StableSteps steps;
    if (q >= 1) {
      // E|1 − ηh|^q ≥ |1 − η E h|^q, which is 1 at the edge.
      steps = single_interval(growth, 2 / mean_);
      steps.method = "enumeration of the batches, convex in eta";
    } else {
      steps.intervals = between_poles(growth);
      steps.method = "enumeration of the batches, concave in eta between the poles";
    }
    steps.searched_to = kInfinity;
    steps.complete = true;
    return steps;
  }

  bool contracts_always(double eta) const override {
    return std::all_of(batches_.begin(), batches_.end(),
                       [eta](const Batch& batch) { return std::abs(1 - eta * batch.curvature) <= 1; });
  }

 private:
  /// ln|1 − ηh|, exact next to the pole.
  static double log_factor(double curvature, double eta) {
    const double product = eta * curvature;
    if (std::abs(product) < 0.5) return std::log1p(-product);
    return std::log(std::abs((1 / curvature - eta) * curvature));
  }

  std::vector<StableInterval> between_poles(const GrowthFunction& growth) const {
    std::vector<StableInterval> intervals;
    const auto add = [&](double lower, double lower_error, double upper, double upper_error) {
      // Both sides of a pole belong together: growth is lowest there.
      if (!intervals.empty() && intervals.back().upper == lower && lower_error == 0) {
        intervals.back().upper = upper;
        intervals.back().upper_error = upper_error;
      } else {
        intervals.push_back({lower, lower_error, upper, upper_error, false});
      }
    };
    const auto negative = [&](double eta) { return growth(eta).value < 0; };
    if (poles_.empty()) {
      // No batch has a positive curvature, and their mean is positive: that cannot be.
      return intervals;
    }
    add(0, 0, poles_.front(), 0);
    for (std::size_t i = 0; i + 1 < poles_.size(); ++i) {
      const double left = poles_[i];
      const double right = poles_[i + 1];
      if (left == right) continue;
      const auto [peak, depth] = boost::math::tools::brent_find_minima(
          [&](double eta) { return -std::max(growth(eta).value, -1e3); }, left, right, 40);
      if (depth > 0) {
        add(left, 0, right, 0);
        continue;
      }
      // Closer to a pole than the next double there is nothing to find.
      const double first = std::nextafter(left, right);
      const double last = std::nextafter(right, left);
      if (first < peak && negative(first)) {
        const GrowthRoot root = growth_root(growth, first, peak);
        add(left, 0, root.x, root.error);
      }
      if (peak < last && negative(last)) {
        const GrowthRoot root = growth_root(growth, peak, last);
        add(root.x, root.error, right, 0);
      }
    }
    const double pole = poles_.back();
    double low = std::nextafter(pole, kInfinity);
    if (!negative(low)) return intervals;
    double high = 2 * pole;
    while (negative(high)) {
      low = high;
      high *= 2;
    }
    const GrowthRoot root = growth_root(growth, low, high);
    add(pole, 0, root.x, root.error);
    return intervals;
  }

  std::vector<Batch> batches_;
  std::vector<double> poles_;
  double mean_ = 0;
};

}  // namespace

std::unique_ptr<MomentMethod> make_scalar_moments(const LinearizedModel& model, const UpdateRule& rule,
                                                  const BatchLaw& law, Index batch_size) {
  if (!model.has_samples() || model.rank() != 1 || rule.name() != "sgd") return nullptr;
  const SampleRows& samples = model.samples();
  if (number_of_batches(law, samples.samples, batch_size) > kMostVisits) return nullptr;
  std::vector<double> curvatures(static_cast<std::size_t>(samples.samples), 0.0);
  for (Index row = 0; row < samples.rows.rows(); ++row) {
    const double g = samples.rows(row, 0);
    curvatures[static_cast<std::size_t>(row / samples.outputs)] +=
        samples.is_signed() ? samples.signs[row] * g * g : g * g;
  }
  std::map<double, double> merged;
  for_each_batch(law, samples.samples, batch_size, [&](const std::vector<Index>& counts, double probability) {
    double sum = 0;
    for (std::size_t k = 0; k < counts.size(); ++k) sum += static_cast<double>(counts[k]) * curvatures[k];
    merged[sum / static_cast<double>(batch_size) + rule.weight_decay()] += probability;
  });
  if (static_cast<Index>(merged.size()) > ExactMoments::kMostScalarBatches) return nullptr;
  std::vector<ScalarMoments::Batch> batches;
  for (const auto& [curvature, probability] : merged) batches.push_back({curvature, probability});
  return std::make_unique<ScalarMoments>(std::move(batches));
}

}  // namespace brink
