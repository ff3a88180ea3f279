#pragma once
// Mean-square stability of shuffled epochs, exactly.
//
// Batches of one epoch use every sample once, so steps are not independent; epochs are. With z the whole optimizer
// state (buffers carry over from epoch to epoch), M_b = A₀ ⊗ I + b e₁ᵀ ⊗ (H_b + κI) the step on batch b and
// P = M_{b_m} ⋯ M_{b_1} the product over an epoch of m steps, second moments grow by ρ(E[P ⊗ P]) and the mean by
// ρ(E[P]) an epoch. The expectation runs over all orders, but not one by one: what has happened after some steps
// depends on the order only through the set S of samples used so far,
//
//   Z_{S ∪ b} += M_b Z_S M_bᵀ / C(n − |S|, |b|),
//
// so an epoch costs 2ⁿ terms instead of n!. docs/theory.md, (4.21) and (4.22).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/epoch.hpp"

namespace brink {

/// The epoch operators of one model, rule and epoch: for few samples.
class ReshuffledEpoch {
 public:
  static constexpr Index kMostSamples = 16;
  /// Largest order of E[P ⊗ P] on symmetric matrices, D(D+1)/2 with D the states of the rule times the rank.
  static constexpr double kMostUnknowns = 500;
  /// Largest number of multiplications for one operator.
  static constexpr double kMostWork = 2e9;

  /// Why the operators are out of reach, with the number that is too large; empty when they are not.
  [[nodiscard]] static std::string out_of_reach(const LinearizedModel& model, const UpdateRule& rule,
                                                const Epoch& epoch);

  /// Model and rule must outlive this. Throws InvalidInput for a model without samples, an epoch of another number of
  /// samples, or where out_of_reach() says so.
  ReshuffledEpoch(const LinearizedModel& model, const UpdateRule& rule, const Epoch& epoch);

  /// ρ(E[P ⊗ P]) and ρ(E[P]), per epoch, at step size eta ≥ 0. O(D² · 2ⁿ · D³) at most, then O(D⁶).
  [[nodiscard]] Estimate second_moment_radius(double eta) const;
  [[nodiscard]] Estimate mean_radius(double eta) const;

  /// ln of the growth of the second moment per step, ln ρ(E[P ⊗ P])/m. Throws NotConverged where ρ = 0.
  [[nodiscard]] Estimate log_growth(double eta) const;

 private:
  struct Transition {
    std::uint32_t from;
    std::uint32_t to;
    std::uint32_t batch;
    double probability;
  };
  using Propagate = std::function<Matrix(const Matrix& step, const Matrix& state)>;

  [[nodiscard]] std::vector<Matrix> steps_at(double eta) const;
  [[nodiscard]] Matrix after_epoch(const std::vector<Matrix>& steps, const Matrix& start, const Propagate& move) const;

  const UpdateRule* rule_;
  Epoch epoch_;
  Index rank_;
  std::vector<Matrix> hessians_;                      ///< H_b by bit mask of the batch; empty where no such batch is
  std::vector<std::vector<Transition>> transitions_;  ///< by step
};

/// A threshold of the epoch dynamics. Growth need not be monotone in η: this is its first crossing of 1, found by a
/// scan upwards in steps of 5% from an eighth of `scale`; two crossings closer than that are not seen.
struct EpochThreshold {
  double eta = 0;
  double residual = 0;  ///< relative
};

/// Largest η up to which E‖z‖² decays over epochs, ρ(E[P ⊗ P]) < 1, and up to which the mean does, ρ(E[P]) < 1.
/// `scale` > 0 is where the scan looks: the threshold of independent batches. About 60 operators.
[[nodiscard]] EpochThreshold reshuffled_threshold(const ReshuffledEpoch& epoch, double scale);
[[nodiscard]] EpochThreshold reshuffled_mean_threshold(const ReshuffledEpoch& epoch, double scale);

/// The same where every epoch takes the samples in the order given (no shuffle): P is one product for any n, and
/// nothing is random. Absent where k·r > kMostCyclicStates. O(n c r · kr) a product, O((kr)³) a spectral radius.
inline constexpr Index kMostCyclicStates = 400;
[[nodiscard]] std::optional<EpochThreshold> cyclic_threshold(const LinearizedModel& model, const UpdateRule& rule,
                                                             const Epoch& epoch, double scale);
/// ln ρ(P ⊗ P)/m = 2 ln ρ(P)/m of that order.
[[nodiscard]] Estimate cyclic_log_growth(const LinearizedModel& model, const UpdateRule& rule, const Epoch& epoch,
                                         double eta);

}  // namespace brink
