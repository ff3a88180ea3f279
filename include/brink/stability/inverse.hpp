#pragma once
// The inverse questions: not "where does this setting stop being stable" but "which settings are stable, and which is
// best". All are answered with the exact growth of the second moment.

#include <optional>
#include <string>
#include <vector>

#include "brink/stability/mean_square.hpp"

namespace brink {

/// The smallest batch size at which step size eta is mean-square stable, absent when no batch up to `largest` (n, or
/// the population) is. Noise falls with B for every law here, so bisection over the integers: O(log n) growth rates of
/// docs/theory.md, (4.4).
[[nodiscard]] std::optional<Index> smallest_stable_batch(const LinearizedModel& model, const UpdateRule& rule,
                                                         const BatchLaw& law, double eta, Index largest,
                                                         TransferBasis* basis = nullptr);

/// Momenta lower < β < upper are stable, all of them to the resolution of the scan. An end at ∓1 is the end of the
/// range of β, not a crossing.
struct MomentumRange {
  double lower = -1;
  double upper = 1;
  double error = 0;  ///< of each end that is a crossing, absolute: beyond it the sign of ln ρ is certain
};

/// Every range of momentum in (−1, 1) that is mean-square stable at step size eta: a scan, denser towards ±1, and a
/// bracketing search at each change. Two changes between neighbours of the scan are not seen. Empty when none is.
/// `rule` names the rule; throws InvalidInput for sgd, which has no momentum. 49 growth rates of docs/theory.md, (4.4),
/// and about 10 a change.
[[nodiscard]] std::vector<MomentumRange> stable_momenta(const LinearizedModel& model, const std::string& rule,
                                                        const RuleParameters& parameters, const BatchLaw& law,
                                                        Index batch_size, double eta, TransferBasis* basis = nullptr);

struct BestStep {
  double eta = 0;         ///< the step size with the smallest growth of the second moment
  double error = 0;       ///< of eta, absolute: beyond it the growth is larger by more than its own error
  double log_growth = 0;  ///< ln ρ there, < 0
  double log_growth_error = 0;
};

/// The η in (0, η*) that minimizes ln ρ(η): the largest of the growth of all modes, so it may kink, and it may be flat.
/// A scan of (0, η*], then golden sections of its valleys. Absent when no step size is stable. About 150 growth rates
/// of docs/theory.md, (4.4).
[[nodiscard]] std::optional<BestStep> best_step(const LinearizedModel& model, const UpdateRule& rule,
                                                const BatchLaw& law, Index batch_size, TransferBasis* basis = nullptr);

struct BestMomentum {
  double momentum = 0;
  double error = 0;  ///< of the momentum, absolute: beyond it η* is smaller by more than its own error
  double eta = 0;    ///< η* there, the largest stable step size over all momenta
  double residual = 0;
  bool at_end = false;  ///< η* still grows at the end of the range searched, |β| ≤ 0.9999
};

/// The β that maximizes η*: for a scalar with heavy ball (1 − √v/a)/(1 + √v/a), v the noise of one step and a the mean
/// curvature, as docs/theory.md, (4.8) gives it. Throws InvalidInput for sgd. About 120 thresholds.
[[nodiscard]] BestMomentum best_momentum(const LinearizedModel& model, const std::string& rule,
                                         const RuleParameters& parameters, const BatchLaw& law, Index batch_size,
                                         TransferBasis* basis = nullptr);

/// A common rule for carrying a step size over to another batch size and momentum, which knows nothing of the model.
struct RuleOfThumb {
  std::string name;  ///< "linear": ηB'/B; "square-root": η√(B'/B); "effective-rate": η(1−β')/(1−β)
  double eta = 0;
};

struct CoupledStep {
  double eta = 0;                  ///< η' with η'/η*(β', B') = η/η*(β, B)
  double residual = 0;             ///< relative
  MeanSquareThreshold threshold;   ///< of the new setting
  std::vector<RuleOfThumb> thumb;  ///< what the rules of thumb give
};

/// The coupling rule: the step size that keeps the margin to the mean-square threshold when momentum and batch size
/// change, both thresholds by docs/theory.md, (4.4). `from` is the threshold of the old setting (eta, momentum,
/// batch_size). Throws InvalidInput unless eta is stable there.
[[nodiscard]] CoupledStep couple(const LinearizedModel& model, const MeanSquareThreshold& from, double eta,
                                 double momentum, Index batch_size, const UpdateRule& new_rule, const BatchLaw& law,
                                 Index new_batch_size, TransferBasis* basis = nullptr);

}  // namespace brink
