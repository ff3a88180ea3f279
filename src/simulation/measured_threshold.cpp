#include "brink/simulation/measured_threshold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "brink/base/error.hpp"
#include "noisy_zero.hpp"

namespace brink {
namespace {

/// Moments smaller than this are not looked at: Λ(q) ≈ qλ there.
constexpr double kSmallestMoment = 0.01;
constexpr double kLowestGrowth = -1e3;
/// Growth has prevailed over what does not grow once its product with the length of a run exceeds this.
constexpr double kPrevails = 8;
/// Between the seeds of runs: 2⁶⁴ over the square of the plastic number. Callers step their own seeds by 2⁶⁴ over the
/// golden ratio, and runs of one seed must not be those of the next.
constexpr std::uint64_t kRunStride = 0x91E10DA5C79E7B1DULL;

/// Runs of one dynamics at different step sizes or moments, each with its own seed.
class Runner {
 public:
  Runner(const EngineFactory& make_engine, const Dynamics& dynamics, const SimulationOptions& options,
         const Monitor& monitor)
      : make_engine_(make_engine), dynamics_(dynamics), options_(options), monitor_(monitor) {}

  NoisyPoint run(double x, double eta, double moment, bool full) {
    Dynamics at = dynamics_;
    at.eta = eta;
    at.seed = dynamics_.seed + kRunStride * static_cast<std::uint64_t>(++runs_);
    SimulationOptions options = options_;
    options.moment = moment;
    if (!full) {
      options.replicas = std::max<Index>(options.replicas / kShortRunFactor, std::min<Index>(options.replicas, 64));
      options.steps = std::max<Index>(options.steps / kShortRunFactor, 2 * kTimeBatches);
    }
    const auto engine = make_engine_(at);
    const GrowthEstimate growth = moment_growth(*engine, at, options, {{}, monitor_.interrupted});
    // Nobody knows how many runs there will be: each one takes the same share of what is left.
    left_ *= full ? 0.85 : 0.97;
    monitor_.report(1 - left_);
    for (const auto& warning : growth.log_growth.warnings) {
      if (full && std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end()) {
        warnings_.push_back(warning);
      }
    }
    // The fit looks at the scatter that runs show; what few replicas do not show is added to its result.
    const double scatter = growth.log_growth.error / (moment > 0 ? few_replicas_factor(options.replicas) : 1);
    // −∞ is as stable as it gets, but nothing that a fit could use.
    return {x, std::max(growth.log_growth.value, kLowestGrowth), scatter, growth.degrees_of_freedom};
  }

  /// By how much errors are larger than the scatter of runs at this moment says.
  [[nodiscard]] double unseen(double moment) const { return moment > 0 ? few_replicas_factor(options_.replicas) : 1; }

  [[nodiscard]] Index runs() const { return runs_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  const EngineFactory& make_engine_;
  const Dynamics& dynamics_;
  const SimulationOptions& options_;
  const Monitor& monitor_;
  double left_ = 1;
  Index runs_ = 0;
  std::vector<std::string> warnings_;
};

/// Growth closer to zero than this does not prevail within a run over directions that barely decay.
double resolved_growth(const SimulationOptions& options) {
  return kPrevails / static_cast<double>(options.steps + options.burn_in);
}

/// Growth in x = ±ln η: stability is always lost upwards in x.
NoisyGrowth in_step_size(Runner& runner, double moment, double sign, const SimulationOptions& options) {
  return {[&runner, moment, sign](double x, bool full) { return runner.run(x, std::exp(sign * x), moment, full); },
          "measure_threshold", [sign](double x) { return fmt::format("eta = {:.6g}", std::exp(sign * x)); },
          resolved_growth(options)};
}

/// The zero in the unit of the argument, exp(sign·x).
MeasuredThreshold threshold_of(const NoisyZero& zero, double sign, double moment, const Runner& runner) {
  MeasuredThreshold result;
  const double unseen = runner.unseen(moment);
  const double lower = zero.x - unseen * (zero.x - zero.lower);
  const double upper = zero.x + unseen * (zero.upper - zero.x);
  result.slope = sign * zero.slope;
  result.degrees_of_freedom = zero.degrees_of_freedom;
  result.eta.kind = ErrorKind::standard_error;
  result.eta.value = std::exp(sign * zero.x);
  result.eta.error = result.eta.value * unseen * zero.standard_error;
  result.lower = std::exp(sign > 0 ? lower : -upper);
  result.upper = std::exp(sign > 0 ? upper : -lower);
  result.eta.warnings = runner.warnings();
  if (zero.poor_fit) {
    result.eta.warnings.emplace_back("the growth near its zero is not a parabola within its errors");
  }
  result.runs = runner.runs();
  return result;
}

std::string method_of(double moment) {
  return moment == 0 ? "zero of the measured Lyapunov exponent, parabola in ln eta"
                     : "zero of the cloning growth rate, parabola in ln eta";
}

}  // namespace

MeasuredThreshold measure_threshold(const EngineFactory& make_engine, const Dynamics& dynamics, double eta_start,
                                    const SimulationOptions& options, const Monitor& monitor) {
  check_argument(eta_start > 0 && std::isfinite(eta_start), "measure_threshold", "eta_start", eta_start,
                 "a finite number > 0");
  Runner runner(make_engine, dynamics, options, monitor);
  const NoisyGrowth growth = in_step_size(runner, options.moment, 1, options);
  MeasuredThreshold result =
      threshold_of(refine_zero(growth, search_from(growth, std::log(eta_start))), 1, options.moment, runner);
  result.eta.method = method_of(options.moment);
  monitor.report(1);
  return result;
}

MeasuredThreshold measure_crossing(const EngineFactory& make_engine, const Dynamics& dynamics, double eta_stable,
                                   double eta_growing, const SimulationOptions& options, const Monitor& monitor) {
  check_argument(eta_stable > 0 && std::isfinite(eta_stable), "measure_crossing", "eta_stable", eta_stable,
                 "a finite number > 0");
  check_argument(eta_growing > 0 && std::isfinite(eta_growing) && eta_growing != eta_stable, "measure_crossing",
                 "eta_growing", eta_growing, "a finite number > 0 other than eta_stable");
  Runner runner(make_engine, dynamics, options, monitor);
  const double sign = eta_stable < eta_growing ? 1 : -1;
  const NoisyGrowth growth = in_step_size(runner, options.moment, sign, options);
  const Neighbourhood near = search_between(growth, sign * std::log(eta_stable), sign * std::log(eta_growing));
  MeasuredThreshold result = threshold_of(refine_zero(growth, near), sign, options.moment, runner);
  result.eta.method = method_of(options.moment);
  monitor.report(1);
  return result;
}

MeasuredTailIndex measure_tail_index(const EngineFactory& make_engine, const Dynamics& dynamics,
                                     const SimulationOptions& options, const Monitor& monitor) {
  Runner runner(make_engine, dynamics, options, monitor);
  const NoisyGrowth growth = {[&](double x, bool full) { return runner.run(x, dynamics.eta, std::exp(x), full); },
                              "measure_tail_index", [](double x) { return fmt::format("q = {:.6g}", std::exp(x)); },
                              resolved_growth(options)};
  const NoisyPoint lyapunov = runner.run(0, dynamics.eta, 0, true);
  MeasuredTailIndex result;
  if (!(lyapunov.y < -kClearly * lyapunov.standard_error)) {
    result.reason = "the Lyapunov exponent is not clearly negative: nothing settles";
    return result;
  }
  const auto grows = [&](double q) {
    const NoisyPoint point = growth.run(std::log(q), false);
    return point.y > kClearly * point.standard_error;
  };
  double high = 1;
  while (high <= kLargestMeasuredTailIndex && !grows(high)) high *= 2;
  if (high > kLargestMeasuredTailIndex) {
    result.reason = fmt::format("no moment up to {:g} grows clearly", kLargestMeasuredTailIndex);
    return result;
  }
  double low = 0.5 * high;
  while (high <= 1 && low > kSmallestMoment && grows(low)) {
    high = low;
    low *= 0.5;
  }
  const NoisyZero zero = refine_zero(growth, search_between(growth, std::log(low), std::log(high)));
  const MeasuredThreshold alpha = threshold_of(zero, 1, 1, runner);
  result.alpha = alpha.eta;
  result.alpha->method = "zero of the cloning growth rate, parabola in ln q";
  result.lower = alpha.lower;
  result.upper = alpha.upper;
  monitor.report(1);
  return result;
}

}  // namespace brink
