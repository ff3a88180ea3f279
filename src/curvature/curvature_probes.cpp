#include "brink/curvature/curvature_probes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/curvature/linearization.hpp"
#include "brink/curvature/trace.hpp"

namespace brink {
namespace {

constexpr std::string_view kSharpness = "sharpness";
constexpr Index kMostEigenvalues = 9;

/// Which eigenvalue a name stands for: 1 for "sharpness", k for "sharpness_k", 0 for another name.
Index eigenvalue_of(std::string_view name) {
  if (name == kSharpness) return 1;
  if (name.size() != kSharpness.size() + 2 || name.substr(0, kSharpness.size() + 1) != "sharpness_") return 0;
  const char digit = name.back();
  return digit >= '2' && digit <= '9' ? digit - '0' : 0;
}

bool follows_step(std::string_view name) {
  return name == "generalized_batch_sharpness" || name == "directional_sharpness";
}

bool needs_threshold(std::string_view name) { return name == "eta_over_threshold" || name == "noise_kernel_norm"; }

bool needs_network(std::string_view name) { return needs_threshold(name) || name == "alignment"; }

/// The values at one point, each computed when it is first asked for.
template <class Real>
class Point {
 public:
  Point(const Objective<Real>& objective, const CurvatureProbeSettings& settings, Index step,
        const VectorOf<Real>& theta, const VectorOf<Real>* buffers)
      : objective_(objective), settings_(settings), theta_(theta), buffers_(buffers) {
    options_ = settings.batches;
    options_.step = static_cast<std::uint32_t>(step);
    for (const auto& name : settings.names) eigenvalues_ = std::max(eigenvalues_, eigenvalue_of(name));
  }

  Estimate value(const std::string& name) {
    if (const Index k = eigenvalue_of(name)) return top().values[static_cast<std::size_t>(k - 1)];
    if (name == "trace") return norms().trace;
    if (name == "frobenius") return norms().frobenius;
    if (name == "batch_sharpness") return batches().batch_sharpness;
    if (name == "batch_sharpness_in") return batches().batch_sharpness_in;
    if (name == "gradient_noise_interaction") {
      if (batches().gradient_noise_interaction) return *batches().gradient_noise_interaction;
      throw InvalidInput("gradient_noise_interaction: mean gradient = 0, need a point with a gradient");
    }
    if (name == "interaction_aware_sharpness") return *batches().interaction_aware_sharpness;
    if (name == "generalized_batch_sharpness") return *batches().generalized_batch_sharpness;
    if (name == "directional_sharpness") return *batches().directional_sharpness;
    if (name == "batch_lambda_max") return batch_lambda_max(objective_, theta_, options_).value;
    if (name == "alignment") {
      const LossAlignment alignment = training_alignment(network(), theta_);
      return {alignment.mu, alignment.error, ErrorKind::residual, "Gauss-Newton rows", {}};
    }
    if (name == "noise_kernel_norm") return kernel_norm();
    if (name == "distance") return distance();
    return threshold_share();
  }

 private:
  const NetworkObjective<Real>& network() const { return dynamic_cast<const NetworkObjective<Real>&>(objective_); }

  const TopCurvature& top() {
    if (!top_) top_ = top_curvature(objective_, theta_, objective_.all(), eigenvalues_, {}, 0, options_.seed);
    return *top_;
  }
  const TraceAndNorm& norms() {
    if (!norms_) {
      HessianOperator<Real> hessian(objective_, theta_, objective_.all());
      TraceOptions options;
      options.relative_error = options_.relative_error;
      options.seed = options_.seed;
      norms_ = trace_and_norm(hessian.as_operator(), options);
    }
    return *norms_;
  }
  const BatchCurvature& batches() {
    if (!batches_) {
      const auto needs_full = [](const std::string& name) {
        return name == "gradient_noise_interaction" || name == "interaction_aware_sharpness" ||
               name == "directional_sharpness";
      };
      const auto& names = settings_.names;
      PendingStep<Real> step;
      if (std::any_of(names.begin(), names.end(), follows_step)) step = {settings_.rule.get(), settings_.eta, buffers_};
      batches_ =
          batch_curvature(objective_, theta_, options_, std::any_of(names.begin(), names.end(), needs_full), step);
    }
    return *batches_;
  }
  const LinearStability& stability() {
    if (!stability_) {
      const LinearizedModel model = linearize_at(network(), theta_);
      stability_ = linear_stability(model, *settings_.rule, options_.law, options_.batch_size, settings_.eta,
                                    model.samples().samples);
    }
    return *stability_;
  }
  Estimate threshold_share() {
    const Estimate& eta = stability().eta_mean_square;
    check_argument(eta.value > 0, "eta_over_threshold", "threshold", eta.value, "a stable step size");
    const double share = stability().eta_over_threshold;
    return {share, share * eta.error / eta.value, ErrorKind::residual, eta.method, eta.warnings};
  }
  Estimate kernel_norm() {
    if (stability().noise_kernel_norm) return *stability().noise_kernel_norm;
    const bool past = settings_.eta >= stability().eta_deterministic.value * (1 - 1e-9);
    return {past ? std::numeric_limits<double>::infinity() : 0,
            0,
            ErrorKind::residual,
            past ? "noise-free edge" : "no noise",
            {}};
  }
  Estimate distance() const {
    const double value = (theta_.template cast<double>() - settings_.reference).norm();
    return {value, std::numeric_limits<Real>::epsilon() * settings_.reference.norm(), ErrorKind::residual, "norm", {}};
  }

  const Objective<Real>& objective_;
  const CurvatureProbeSettings& settings_;
  const VectorOf<Real>& theta_;
  const VectorOf<Real>* buffers_;
  BatchProbeOptions options_;
  Index eigenvalues_ = 1;
  std::optional<TopCurvature> top_;
  std::optional<TraceAndNorm> norms_;
  std::optional<BatchCurvature> batches_;
  std::optional<LinearStability> stability_;
};

}  // namespace

const std::vector<std::string>& curvature_probe_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = {std::string(kSharpness)};
    for (Index k = 2; k <= kMostEigenvalues; ++k) all.push_back(fmt::format("{}_{}", kSharpness, k));
    for (const char* name :
         {"trace", "frobenius", "batch_sharpness", "batch_sharpness_in", "gradient_noise_interaction",
          "interaction_aware_sharpness", "generalized_batch_sharpness", "directional_sharpness", "batch_lambda_max",
          "eta_over_threshold", "noise_kernel_norm", "alignment", "distance"})
      all.emplace_back(name);
    return all;
  }();
  return names;
}

template <class Real>
CurvatureProbes<Real>::CurvatureProbes(const Objective<Real>& objective, CurvatureProbeSettings settings)
    : objective_(&objective), settings_(std::move(settings)) {
  const auto& known = curvature_probe_names();
  const auto* network = dynamic_cast<const NetworkObjective<Real>*>(&objective);
  for (const auto& name : settings_.names) {
    check_argument(std::find(known.begin(), known.end(), name) != known.end(), "probes", "name", name,
                   fmt::format("one of {}", fmt::join(known, ", ")));
    check_argument(eigenvalue_of(name) <= objective.parameters(), "probes", "name", name,
                   fmt::format("at most {} eigenvalues, the number of parameters", objective.parameters()));
    if (needs_network(name)) {
      check_argument(network != nullptr, "probes", "name", name, "a loss of network outputs");
      const Index rows = objective.samples() * network->outputs();
      check_argument(
          std::min(rows, objective.parameters()) <= settings_.largest_linearization, "probes", name, rows,
          fmt::format("at most {} rows or parameters to decompose at every record", settings_.largest_linearization));
    }
    if (name == "distance")
      check_argument(settings_.reference.size() == objective.parameters(), "probes", "reference",
                     fmt::format("{} parameters", settings_.reference.size()),
                     fmt::format("{}, those of the problem", objective.parameters()));
    if (needs_threshold(name) || follows_step(name))
      check_argument(settings_.rule != nullptr && settings_.eta > 0, "probes", "name", name,
                     "an optimizer that is a linear filter, with a step size > 0");
    columns_.push_back(name);
    columns_.push_back(name + "_error");
  }
}

template <class Real>
std::vector<double> CurvatureProbes<Real>::measure(Index step, const VectorOf<Real>& theta,
                                                   const VectorOf<Real>* buffers) const {
  Point<Real> point(*objective_, settings_, step, theta, buffers);
  std::vector<double> values;
  for (const auto& name : settings_.names) {
    const Estimate estimate = point.value(name);
    values.push_back(estimate.value);
    values.push_back(estimate.error);
  }
  return values;
}

template class CurvatureProbes<float>;
template class CurvatureProbes<double>;

}  // namespace brink
