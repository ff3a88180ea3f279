#include "brink/stability/exact_moments.hpp"

#include <fmt/format.h>

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/stability/even_moment.hpp"
#include "brink/stability/mean_square.hpp"
#include "moments/moment_method.hpp"

namespace brink {
namespace {

constexpr int kLargestEvenMoment = 8;
constexpr int kScanPoints = 24;

bool is_even_moment(double q) { return q == 4 || q == 6 || q == kLargestEvenMoment; }

}  // namespace

ExactMoments::ExactMoments(const LinearizedModel& model, std::shared_ptr<const UpdateRule> rule,
                           std::shared_ptr<const BatchLaw> law, Index batch_size)
    : model_(&model), rule_(std::move(rule)), law_(std::move(law)), batch_size_(batch_size) {
  if (model.has_samples() && !law_->fresh_gaussian_rows()) {
    const Index n = law_->population(model.samples().samples);
    check_argument(batch_size >= 1 && batch_size <= n, "ExactMoments", "batch size", batch_size,
                   fmt::format("an integer in 1..{} (the number of samples)", n));
  }
  check_argument(batch_size >= 1, "ExactMoments", "batch size", batch_size, "an integer >= 1");
  every_ = make_noise_free_moments(model, rule_, *law_, batch_size);
  if (!every_) every_ = make_scalar_moments(model, *rule_, *law_, batch_size);
  if (!every_) every_ = make_isotropic_moments(model, *rule_, *law_, batch_size);
  if (!every_ && model.has_samples()) basis_ = std::make_unique<TransferBasis>(model);
}

ExactMoments::~ExactMoments() = default;
ExactMoments::ExactMoments(ExactMoments&&) noexcept = default;

std::string ExactMoments::unavailable(double q) const {
  if (every_ || q == 2) return {};
  if (is_even_moment(q)) return EvenMoment::out_of_reach(*model_, *rule_, *law_, batch_size_, static_cast<int>(q));
  return "known exactly for q = 2, for small models q = 4, 6, 8; for every q only without noise, for one parameter "
         "under "
         "SGD, and for SGD on isotropic Gaussian rows";
}

const EvenMoment* ExactMoments::even_moment(double q) const {
  const int order = static_cast<int>(q);
  if (!even_ || even_order_ != order) {
    even_ = std::make_unique<EvenMoment>(*model_, *rule_, *law_, batch_size_, order);
    even_order_ = order;
  }
  return even_.get();
}

Estimate ExactMoments::log_growth(double q, double eta) const {
  check_argument(q >= 0 && std::isfinite(q), "ExactMoments::log_growth", "q", q, "a finite number >= 0");
  check_argument(eta >= 0 && std::isfinite(eta), "ExactMoments::log_growth", "eta", eta, "a finite number >= 0");
  if (every_) return every_->log_growth(q, eta);
  if (q == 2) {
    const MeanSquareGrowth growth = mean_square_growth(*model_, *rule_, *law_, batch_size_, eta, basis_.get());
    return {growth.log_growth, growth.residual, ErrorKind::residual, growth.method, growth.warnings};
  }
  const std::string reason = unavailable(q);
  check_argument(reason.empty(), "ExactMoments::log_growth", "q", fmt::format("{}: {}", q, reason), "simulation");
  return even_moment(q)->log_growth(eta);
}

StableSteps ExactMoments::stable_steps(double q) const {
  check_argument(q >= 0 && std::isfinite(q), "ExactMoments::stable_steps", "q", q, "a finite number >= 0");
  if (q == 2) {
    const MeanSquareThreshold threshold = mean_square_threshold(*model_, *rule_, *law_, batch_size_, basis_.get());
    StableSteps steps;
    steps.method = threshold.method;
    // Beyond the noise-free edge even the mean diverges.
    steps.searched_to = threshold.eta_deterministic;
    // The closed form is linear in 1/η.
    steps.complete = rule_->states() == 1;
    steps.warnings = threshold.warnings;
    if (threshold.eta > 0) steps.intervals.push_back({0, 0, threshold.eta, threshold.residual * threshold.eta, false});
    return steps;
  }
  if (every_) return every_->stable_steps(q);
  const std::string reason = unavailable(q);
  check_argument(reason.empty(), "ExactMoments::stable_steps", "q", fmt::format("{}: {}", q, reason), "simulation");
  return scan_even_moment(q);
}

StableSteps ExactMoments::scan_even_moment(double q) const {
  // Λ(q)/q does not fall with q: nothing is stable beyond the mean-square threshold.
  const double end = stable_steps(2).threshold();
  StableSteps steps;
  if (end > 0) {
    std::vector<double> points;
    for (int i = 1; i <= kScanPoints; ++i) points.push_back(end * i / kScanPoints);
    const GrowthFunction growth = [this, q](double eta) { return log_growth(q, eta); };
    // At the last point growth may be zero to rounding.
    steps = scanned_intervals(growth, points);
    for (auto& interval : steps.intervals) interval.ends_with_search = false;
  }
  steps.searched_to = end;
  steps.method =
      fmt::format("symmetric tensors, scanned at {} step sizes up to the mean-square threshold", kScanPoints);
  return steps;
}

TailIndex ExactMoments::tail_index(double eta) const {
  check_argument(every_ != nullptr, "ExactMoments::tail_index", "model", "not covered for every q", "simulation");
  check_argument(eta > 0 && std::isfinite(eta), "ExactMoments::tail_index", "eta", eta, "a finite number > 0");
  TailIndex result;
  const Estimate lyapunov = every_->log_growth(0, eta);
  if (lyapunov.value >= 0) {
    result.reason = "the Lyapunov exponent is not negative: nothing settles";
    return result;
  }
  if (every_->contracts_always(eta)) {
    result.reason = "no batch makes a step longer: every moment decays";
    return result;
  }
  // Λ(q)/q increases from λ < 0: one zero.
  const GrowthFunction growth = [&](double q) {
    Estimate moment = every_->log_growth(q, eta);
    moment.value /= q;
    moment.error /= q;
    return moment;
  };
  double high = 1;
  while (high <= kLargestTailIndex && growth(high).value < 0) high *= 2;
  if (high > kLargestTailIndex) {
    result.reason = fmt::format("every moment up to {} decays", kLargestTailIndex);
    return result;
  }
  double low = 0.5 * high;
  while (low > 1e-9 && growth(low).value >= 0) {
    high = low;
    low *= 0.5;
  }
  const GrowthRoot root = growth_root(growth, low, high);
  result.alpha = Estimate{root.x, root.error, ErrorKind::residual, lyapunov.method, {}};
  return result;
}

}  // namespace brink
