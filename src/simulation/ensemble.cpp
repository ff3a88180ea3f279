#include <algorithm>
#include <cmath>
#include <limits>

#include "replica_ensemble.hpp"

namespace brink {
namespace {

/// Σ p ln(Np): the relative entropy of the weights against equal ones, between 0 and ln N.
double relative_entropy(const Vector& shares) {
  double entropy = 0;
  for (const double p : shares) {
    if (p > 0) entropy += p * std::log(p * static_cast<double>(shares.size()));
  }
  return entropy;
}

/// E[‖z‖^q ln‖z‖]/E‖z‖^q grows as tΛ'(q), so the relative entropy of the weights grows as t(qΛ'(q) − Λ(q)), until the
/// finite number of replicas stops it at ln N. The rate is read half way, where it still can be seen.
class Horizon {
 public:
  explicit Horizon(Index replicas) : log_replicas_(std::log(static_cast<double>(replicas))) {}

  bool is_known() const { return known_; }

  void observe(double entropy, Index time) {
    if (known_ || entropy <= 0) return;
    horizon_ = static_cast<double>(time) * log_replicas_ / entropy;
    known_ = entropy >= 0.5 * log_replicas_;
  }

  double value() const { return horizon_; }

 private:
  double log_replicas_;
  double horizon_ = std::numeric_limits<double>::infinity();
  bool known_ = false;
};

}  // namespace

GrowthEstimate ensemble_growth(const Engine& engine, const Dynamics& dynamics, const SimulationOptions& options,
                               const Monitor& monitor) {
  ReplicaEnsemble ensemble("ensemble_growth", engine, dynamics, options, 1, monitor);
  Horizon horizon(options.replicas);
  std::vector<double> growth;
  growth.reserve(static_cast<std::size_t>(ensemble.end()));
  const auto run_until = [&](Index time) {
    while (ensemble.time() < time) {
      ensemble.advance(horizon.is_known() ? time - ensemble.time() : 1, growth);
      if (!horizon.is_known()) horizon.observe(relative_entropy(ensemble.shares()), ensemble.time());
    }
    return ensemble.shares();
  };
  const Vector before = run_until(options.burn_in);
  const Vector after = run_until(ensemble.end());

  // ln of a ratio of averages over the same independent replicas: replica i moves it by p_i(T) − p_i(0), and the
  // curvature of the logarithm costs half the difference of the relative variances.
  GrowthEstimate result;
  result.trace.assign(growth.begin() + options.burn_in, growth.end());
  const auto steps = static_cast<double>(options.steps);
  double total = 0;
  for (const double step : result.trace) total += step;
  result.bias_correction = 0.5 * (after.squaredNorm() - before.squaredNorm()) / steps;
  result.log_growth.value = total / steps + result.bias_correction;
  result.log_growth.error = (after - before).norm() / steps;
  result.log_growth.kind = ErrorKind::standard_error;
  result.log_growth.method = "ensemble";
  result.degrees_of_freedom = std::max(1.0, 1 / after.squaredNorm() - 1);
  result.horizon = horizon.value();
  if (static_cast<double>(ensemble.end()) > result.horizon) {
    result.log_growth.warnings.push_back(
        "the run is longer than the horizon of about " + std::to_string(std::lround(result.horizon)) +
        " steps that this many replicas can see: a plain average freezes and reports false stability; use cloning");
  }
  return result;
}

}  // namespace brink
