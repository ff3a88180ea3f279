#include "brink/verification/reshuffled_stability.hpp"

#include <memory>

#include "brink/base/error.hpp"
#include "brink/simulation/measured_threshold.hpp"
#include "brink/simulation/reshuffled_engine.hpp"
#include "brink/stability/lifted_mode.hpp"
#include "mode_start.hpp"
#include "seeds.hpp"

namespace brink {
namespace {

constexpr const char* kSearch = ", first crossing of 1";
constexpr Index kBurnInShare = 8;  // epochs before the measurement, as a share of those measured

class Analysis {
 public:
  Analysis(const LinearizedModel& model, const std::shared_ptr<const UpdateRule>& rule, const Epoch& epoch,
           const MeanSquareThreshold& independent, const ReshuffledOptions& options, const Monitor& monitor)
      : model_(model),
        rule_(rule),
        law_(make_batch_law("without-replacement")),
        epoch_(epoch),
        independent_(independent),
        options_(options),
        monitor_(monitor) {
    if (ReshuffledEpoch::out_of_reach(model, *rule, epoch).empty()) exact_.emplace(model, *rule, epoch);
  }

  ReshuffledStability run() const {
    ReshuffledStability result;
    result.epoch = epoch_;
    find_mean_and_cyclic(result);
    if (epoch_.steps() == 1) {
      set_exact(result, {independent_.eta, independent_.residual}, "one batch an epoch: " + independent_.method);
    } else if (order_is_irrelevant()) {
      set_exact(result, result.cyclic.value(),
                std::string("order of single samples is irrelevant in one dimension") + kSearch);
    } else if (exact_) {
      set_exact(result, reshuffled_threshold(*exact_, independent_.eta),
                std::string("epoch operator, all orders") + kSearch);
    } else {
      measure(result);
    }
    for (std::size_t i = 0; i < options_.etas.size(); ++i) {
      result.log_growth.push_back(growth(options_.etas[i], options_.seed + kSeedStride * (i + 1)));
    }
    return result;
  }

 private:
  /// Steps of single samples commute in one dimension. Those of larger batches do too, but which samples share a batch
  /// remains random.
  [[nodiscard]] bool order_is_irrelevant() const {
    return model_.rank() * rule_->states() == 1 && epoch_.batch_size == 1;
  }

  static void set_exact(ReshuffledStability& result, const EpochThreshold& threshold, const std::string& method) {
    result.eta = {threshold.eta, threshold.residual * threshold.eta, ErrorKind::residual, method, {}};
  }

  void find_mean_and_cyclic(ReshuffledStability& result) const {
    if (epoch_.steps() == 1) {
      result.mean = EpochThreshold{independent_.eta_deterministic, 1e-15};
    } else if (exact_) {
      result.mean = reshuffled_mean_threshold(*exact_, independent_.eta);
    } else {
      result.mean_reason = ReshuffledEpoch::out_of_reach(model_, *rule_, epoch_);
    }
    result.cyclic = cyclic_threshold(model_, *rule_, epoch_, independent_.eta);
    if (!result.cyclic) {
      result.cyclic_reason = "more than " + std::to_string(kMostCyclicStates) + " numbers in the optimizer state";
    }
  }

  /// Replicas that start in a mode of independent batches at the same place, where there is one.
  [[nodiscard]] std::unique_ptr<Engine> engine(const Dynamics& dynamics, const LiftedMode& start) const {
    auto plain = make_reshuffled_engine(model_, epoch_, dynamics);
    if (start.covariance.size() == 0) return plain;
    return make_mode_start(std::move(plain), start, {}, rule_->states(), dynamics.seed);
  }

  [[nodiscard]] Dynamics dynamics(double eta, std::uint64_t seed) const {
    return {rule_, law_, epoch_.batch_size, eta, seed};
  }

  [[nodiscard]] SimulationOptions simulation() const {
    SimulationOptions simulation;
    simulation.replicas = options_.replicas;
    simulation.steps = options_.epochs;
    simulation.burn_in = options_.epochs / kBurnInShare;
    simulation.threads = options_.threads;
    return simulation;
  }

  void measure(ReshuffledStability& result) const {
    LiftedMode start;
    if (independent_.critical_mode.size() != 0) {
      start = lifted_mode(*rule_, model_.spectrum(), independent_.eta, 0, independent_.critical_mode);
    }
    const auto make = [&](const Dynamics& at) { return engine(at, start); };
    const MeasuredThreshold measured =
        measure_threshold(make, dynamics(0, options_.seed), independent_.eta, simulation(), monitor_);
    result.eta = measured.eta;
    result.eta.method = "zero of the growth over epochs, cloning, parabola in ln eta";
    result.lower = measured.lower;
    result.upper = measured.upper;
  }

  [[nodiscard]] Estimate growth(double eta, std::uint64_t seed) const {
    if (epoch_.steps() > 1 && order_is_irrelevant()) return cyclic_log_growth(model_, *rule_, epoch_, eta);
    if (epoch_.steps() > 1 && exact_) return exact_->log_growth(eta);
    const MeanSquareGrowth one_batch = mean_square_growth(model_, *rule_, *law_, epoch_.batch_size, eta);
    if (epoch_.steps() == 1) {
      return {one_batch.log_growth, one_batch.residual, ErrorKind::residual, one_batch.method, one_batch.warnings};
    }
    const LiftedMode start = lifted_mode(*rule_, model_.spectrum(), eta, one_batch.log_growth, one_batch.mode);
    const Dynamics at = dynamics(eta, seed);
    Estimate estimate = cloning_growth(*engine(at, start), at, simulation(), monitor_).log_growth;
    estimate.value /= static_cast<double>(epoch_.steps());
    estimate.error /= static_cast<double>(epoch_.steps());
    return estimate;
  }

  const LinearizedModel& model_;
  std::shared_ptr<const UpdateRule> rule_;
  std::shared_ptr<const BatchLaw> law_;
  Epoch epoch_;
  const MeanSquareThreshold& independent_;
  const ReshuffledOptions& options_;
  const Monitor& monitor_;
  std::optional<ReshuffledEpoch> exact_;
};

}  // namespace

ReshuffledStability reshuffled_stability(const LinearizedModel& model, const std::shared_ptr<const UpdateRule>& rule,
                                         const Epoch& epoch, const MeanSquareThreshold& independent,
                                         const ReshuffledOptions& options, const Monitor& monitor) {
  constexpr const char* function = "reshuffled_stability";
  check_argument(model.has_samples(), function, "model", "a spectrum alone", "a model with samples to shuffle");
  check_argument(independent.eta > 0, function, "independent.eta", independent.eta,
                 "a step size > 0: independent batches are stable somewhere");
  check_argument(options.epochs >= 2 * kTimeBatches, function, "epochs", options.epochs, "an integer >= 64");
  return Analysis(model, rule, epoch, independent, options, monitor).run();
}

}  // namespace brink
