#include "brink/curvature/batch_curvature.hpp"

#include <fmt/format.h>

#include <type_traits>

#include "batch_draws.hpp"
#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The numbers that one batch gives; kNone where a ratio has no denominator.
struct Samples {
  std::vector<double> gHg_batch, gg, gHg_full, sHs_batch, sg, sharpness, directional, one;

  void resize(Index count) {
    for (auto* values : {&gHg_batch, &gg, &gHg_full, &sHs_batch, &sg, &sharpness, &directional})
      values->resize(static_cast<std::size_t>(count), 0);
    one.resize(static_cast<std::size_t>(count), 1);
  }
};

template <class Real>
double dot(const VectorOf<Real>& a, const VectorOf<Real>& b) {
  return a.template cast<double>().dot(b.template cast<double>());
}

template <class Real>
class Evaluation {
 public:
  Evaluation(const Objective<Real>& objective, const VectorOf<Real>& theta, bool full, const PendingStep<Real>& step,
             Samples& samples)
      : objective_(objective), theta_(theta), full_(full), step_(step), samples_(samples) {}

  void operator()(Index number, const Batch& batch) const {
    const auto i = static_cast<std::size_t>(number);
    VectorOf<Real> g(theta_.size()), s, image(theta_.size());
    objective_.gradient(theta_, batch, g);
    objective_.hessian_product(theta_, batch, g, image);
    samples_.gg[i] = dot(g, g);
    samples_.gHg_batch[i] = dot(g, image);
    samples_.sharpness[i] = ratio(samples_.gHg_batch[i], samples_.gg[i]);
    if (full_) {
      objective_.hessian_product(theta_, objective_.all(), g, image);
      samples_.gHg_full[i] = dot(g, image);
    }
    if (step_.rule == nullptr) return;
    s = applied_step(g);
    samples_.sg[i] = dot(s, g);
    objective_.hessian_product(theta_, batch, s, image);
    samples_.sHs_batch[i] = dot(s, image);
    if (!full_) return;
    objective_.hessian_product(theta_, objective_.all(), s, image);
    samples_.directional[i] = ratio(dot(s, image), dot(s, s));
  }

 private:
  static double ratio(double a, double b) { return b > 0 ? a / b : kNone; }

  /// s with θ⁺ = θ − ηs, taken from the optimizer's own update started at zero: no digits of θ are lost.
  VectorOf<Real> applied_step(const VectorOf<Real>& gradient) const {
    const Index p = theta_.size();
    Vector g = gradient.template cast<double>();
    if (step_.rule->weight_decay() != 0) g += step_.rule->weight_decay() * theta_.template cast<double>();
    Vector x = Vector::Zero(p);
    Vector buffers = Vector::Zero((step_.rule->states() - 1) * p);
    if (step_.buffers != nullptr) buffers = step_.buffers->template cast<double>();
    step_.rule->step(step_.eta, g.data(), x.data(), buffers.data(), p);
    return (x / -step_.eta).template cast<Real>();
  }

  const Objective<Real>& objective_;
  const VectorOf<Real>& theta_;
  bool full_;
  const PendingStep<Real>& step_;
  Samples& samples_;
};

Estimate estimate_of(const std::vector<double>& a, const std::vector<double>& b, const BatchProbeOptions& options,
                     double rounding, std::string method) {
  const RatioOfMeans ratio = ratio_of_means(a, b);
  Estimate estimate{ratio.value,
                    std::hypot(ratio.standard_error, rounding * std::abs(ratio.value)),
                    ErrorKind::standard_error,
                    std::move(method),
                    {}};
  if (!std::isfinite(ratio.value))
    throw InvalidInput("batch_curvature: gradients = zero or not finite, need a point where batches have gradients");
  if (a.size() == 1) estimate.kind = ErrorKind::residual;
  if (ratio.standard_error > options.relative_error * std::abs(ratio.value))
    estimate.warnings.push_back(
        fmt::format("standard error above {} of the value after {} batches", options.relative_error, a.size()));
  return estimate;
}

}  // namespace

template <class Real>
BatchCurvature batch_curvature(const Objective<Real>& objective, const VectorOf<Real>& theta,
                               const BatchProbeOptions& options, bool with_full_hessian, const PendingStep<Real>& step,
                               const Monitor& monitor) {
  const Index n = objective.samples();
  check_argument(theta.size() == objective.parameters(), "batch_curvature", "size of theta", theta.size(),
                 "the number of parameters");
  if (step.rule != nullptr) {
    check_argument(step.eta > 0, "batch_curvature", "eta", step.eta, "a number > 0");
    if (step.buffers != nullptr)
      check_argument(step.buffers->size() == (step.rule->states() - 1) * theta.size(), "batch_curvature",
                     "size of buffers", step.buffers->size(), "states - 1 times the number of parameters");
  }
  Samples samples;
  const Evaluation<Real> evaluate(objective, theta, with_full_hessian, step, samples);
  const double rounding = 10 * static_cast<double>(std::numeric_limits<Real>::epsilon());

  VectorOf<Real> mean_gradient(theta.size());
  objective.gradient(theta, objective.all(), mean_gradient);
  const double mean_squared = dot(mean_gradient, mean_gradient);

  const auto summary = [&] {
    BatchCurvature result;
    const auto make = [&](const std::vector<double>& a, const std::vector<double>& b, const char* method) {
      return estimate_of(a, b, options, rounding, method);
    };
    result.batch_sharpness = make(samples.sharpness, samples.one, "mean of ratios over batches");
    result.batch_sharpness_in = make(samples.gHg_batch, samples.gg, "ratio of means over batches");
    result.gradient_second_moment = make(samples.gg, samples.one, "mean over batches");
    if (with_full_hessian) {
      result.interaction_aware_sharpness = make(samples.gHg_full, samples.gg, "ratio of means over batches");
      if (mean_squared > 0) {
        Estimate gni = make(samples.gHg_full, samples.one, "mean over batches, over the squared mean gradient");
        gni.value /= mean_squared;
        gni.error /= mean_squared;
        result.gradient_noise_interaction = std::move(gni);
      }
    }
    if (step.rule != nullptr) {
      result.generalized_batch_sharpness = make(samples.sHs_batch, samples.sg, "ratio of means over batches");
      if (with_full_hessian)
        result.directional_sharpness = make(samples.directional, samples.one, "mean of ratios over batches");
    }
    return result;
  };
  const auto all_accurate = [&](Index) {
    const BatchCurvature now = summary();
    bool accurate = now.batch_sharpness.warnings.empty() && now.batch_sharpness_in.warnings.empty() &&
                    now.gradient_second_moment.warnings.empty();
    for (const auto* one : {&now.gradient_noise_interaction, &now.interaction_aware_sharpness,
                            &now.generalized_batch_sharpness, &now.directional_sharpness})
      accurate = accurate && (!one->has_value() || (*one)->warnings.empty());
    return accurate;
  };
  const Index batches = draw_batches(
      options, n, monitor, [&](Index count) { samples.resize(count); }, evaluate, all_accurate);
  BatchCurvature result = summary();
  result.batches = batches;
  const double passes = static_cast<double>(batches) * static_cast<double>(options.batch_size) / static_cast<double>(n);
  result.cost.gradients = 1 + passes;
  result.cost.hessian_products =
      passes * (step.rule != nullptr ? 2 : 1) +
      (with_full_hessian ? static_cast<double>(batches) * (step.rule != nullptr ? 2 : 1) : 0);
  return result;
}

template <class Real>
BatchSharpest batch_lambda_max(const Objective<Real>& objective, const VectorOf<Real>& theta,
                               const BatchProbeOptions& options, const Vector& start, const Monitor& monitor) {
  std::vector<double> values, residuals, products;
  const auto resize = [&](Index count) {
    for (auto* one : {&values, &residuals, &products}) one->resize(static_cast<std::size_t>(count), 0);
  };
  // Residuals far below the spread between batches cost products and change nothing.
  const double tolerance = std::max(0.02 * options.relative_error, std::is_same_v<Real, float> ? 2e-4 : 1e-8);
  const auto evaluate = [&](Index number, const Batch& batch) {
    const auto i = static_cast<std::size_t>(number);
    if (batch.samples.empty()) return;  // H_B = 0
    std::vector<Vector> starts;
    if (start.size() == theta.size()) starts.push_back(start);
    const TopCurvature top = top_curvature(objective, theta, batch, 1, starts, tolerance, options.seed);
    values[i] = top.values[0].value;
    residuals[i] = top.values[0].error;
    products[i] = top.cost.hessian_products;
  };
  const auto estimate = [&] {
    return estimate_of(values, std::vector<double>(values.size(), 1), options,
                       10 * static_cast<double>(std::numeric_limits<Real>::epsilon()), "mean over batches, Lanczos");
  };
  BatchSharpest result;
  result.batches = draw_batches(options, objective.samples(), monitor, resize, evaluate,
                                [&](Index) { return estimate().warnings.empty(); });
  result.value = estimate();
  double residual = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    residual += residuals[i] / static_cast<double>(values.size());
    result.cost.hessian_products += products[i];
  }
  result.value.error = std::hypot(result.value.error, residual);
  return result;
}

template BatchCurvature batch_curvature(const Objective<float>&, const VectorOf<float>&, const BatchProbeOptions&, bool,
                                        const PendingStep<float>&, const Monitor&);
template BatchCurvature batch_curvature(const Objective<double>&, const VectorOf<double>&, const BatchProbeOptions&,
                                        bool, const PendingStep<double>&, const Monitor&);
template BatchSharpest batch_lambda_max(const Objective<float>&, const VectorOf<float>&, const BatchProbeOptions&,
                                        const Vector&, const Monitor&);
template BatchSharpest batch_lambda_max(const Objective<double>&, const VectorOf<double>&, const BatchProbeOptions&,
                                        const Vector&, const Monitor&);

}  // namespace brink
