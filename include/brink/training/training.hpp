#pragma once
// The training loop: θ moves by an update rule on batches of an objective; at regular steps the loss, the gradient norm
// and the probes are recorded on all samples, stop rules are asked, and interventions happen.
//
// A run is a function of (objective, plan, start). TrainingState holds all that it carries from step to step: a copy
// kept at any step and handed to train() again gives the same bits as a run that was never interrupted.

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/training/batches.hpp"
#include "brink/training/condition.hpp"
#include "brink/training/gradient_source.hpp"
#include "brink/training/training_rule.hpp"

namespace brink {

/// The mean of `quantity` over the last `window` records differs from that over the `window` before by less than
/// `tolerance` of it.
struct Plateau {
  std::string quantity = "loss";
  Index window = 0;  ///< 0: no such rule
  double tolerance = 0.01;
};

struct TrainingPlan {
  std::string rule = "sgd";
  TrainingRuleParameters parameters;
  double eta = 0.1;   ///< > 0; of gradient flow: the time of one step
  Index warm_up = 0;  ///< step t < warm_up moves by η(t+1)/warm_up
  BatchSettings batch;
  GradientSettings gradient;
  Index steps = 1000;  ///< 0 … 2³²−1
  /// Records at steps 0, record_every, 2·record_every, …, and the last. An even number sees only every other step of an
  /// oscillation of period 2, which is what training at the edge of stability does: odd numbers see both sides.
  Index record_every = 1;
  std::vector<Condition> stop;  ///< the run ends at the first record for which one holds
  Plateau plateau;
  double diverged_above = std::numeric_limits<double>::infinity();  ///< a recorded loss above this ends the run
  std::vector<Intervention> interventions;                          ///< asked in this order
  std::uint64_t seed = 0;
};

/// A number to record: a function of the step and of what the run carries (parameters and buffers), infinite where what
/// it measures has no bound. NaN is an error.
template <class Real>
struct Probe {
  std::string name;
  std::function<double(Index step, const RuleState<Real>& state)> measure;
};

/// The values of a record, in the order of record_names().
using TrainingRecord = std::vector<double>;

/// "step", "eta", "momentum", "batch", "loss", "gradient_norm", then the probes. eta, momentum and batch are those of
/// the step that follows; loss and gradient norm are of all samples, of the local model once one has taken over.
[[nodiscard]] std::vector<std::string> record_names(const std::vector<std::string>& probes);

enum class TrainingStatus { running, steps_done, condition_met, plateau, diverged };

/// "steps-done", "condition-met", …
[[nodiscard]] std::string_view to_string(TrainingStatus status);

/// Everything a run carries from step to step.
template <class Real>
struct TrainingState {
  Index step = 0;  ///< steps done
  RuleState<Real> rule;
  // What interventions have changed.
  double eta = 0;
  double momentum = 0;
  Index batch_size = 0;
  std::uint32_t stretch = 0;            ///< of the batches: how often their size has changed
  Index stretch_begin = 0;              ///< the first step of that stretch
  std::vector<std::uint8_t> fired;      ///< one an intervention: 1 once it has happened
  std::vector<Index> fired_at;          ///< and its step; −1 before
  std::optional<LocalModelKind> model;  ///< empty: the loss itself; else its expansion …
  VectorOf<Real> expansion_point;       ///< … at this point
  std::vector<TrainingRecord> records;
  TrainingStatus status = TrainingStatus::running;
  std::string reason;  ///< why it ended: "loss = 9.1e-7 < 1e-6"
};

/// The state before the first step. Throws InvalidInput for what is wrong with the plan or the start. float and double.
template <class Real>
[[nodiscard]] TrainingState<Real> start_training(const Objective<Real>& objective, const TrainingPlan& plan,
                                                 VectorOf<Real> theta);

/// How train() talks to its surroundings. Nothing here changes the result.
template <class Real>
struct TrainingSurroundings {
  Monitor monitor;
  /// Called between steps once `wants_to_keep` says so (asked at every step): a moment to write a checkpoint.
  std::function<bool()> wants_to_keep;
  std::function<void(const TrainingState<Real>&)> keep;
};

/// Trains until the state has ended (status other than running) or the monitor is interrupted; then the state is left
/// running, between two steps, to be kept and continued. A run that diverges, or whose loss or gradient is not finite,
/// ends with the status `diverged`: the records hold what was finite, the last of them the last finite one. Throws
/// InvalidInput for a condition on a quantity that is not recorded, and for a probe that is NaN.
template <class Real>
void train(const Objective<Real>& objective, const TrainingPlan& plan, const std::vector<Probe<Real>>& probes,
           TrainingState<Real>& state, const TrainingSurroundings<Real>& surroundings = {});

/// The state as bytes, with a checksum, and back. Throws InvalidInput for bytes that are damaged, of another version,
/// or of the other precision.
template <class Real>
[[nodiscard]] std::string to_bytes(const TrainingState<Real>& state);
template <class Real>
[[nodiscard]] TrainingState<Real> training_state_of(std::string_view bytes);

}  // namespace brink
