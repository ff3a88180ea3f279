#pragma once
// Limits of large models against finite ones: thresholds of draws, loss curves. docs/theory.md, (4.15) and (4.18).

#include <optional>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/model/spectral_law.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/simulation/loss_statistics.hpp"
#include "brink/stability/limit.hpp"
#include "brink/stability/loss_curve.hpp"

namespace brink {

/// One setting of a limit.
struct LimitSetting {
  SpectralLawParameters spectrum;
  std::string rule = "sgd";
  RuleParameters parameters;
  std::string sampling = "gaussian";
  double batch = 1;  ///< B/d in a proportional law, B otherwise
};

/// A finite size of a setting: d parameters, n = round(d/ratio) samples (0 where the law has none), batches of
/// B = round(d·batch) in a proportional law. `limit` is the setting at the ratios d/n and B/d that were possible, which
/// is what a finite model is to be compared with.
struct FiniteSize {
  Index dimension = 0;
  Index samples = 0;
  Index batch_size = 1;
  LimitSetting limit;
};

/// Throws InvalidInput for a dimension outside 1..100000, or when the batch would be empty.
[[nodiscard]] FiniteSize finite_size(const LimitSetting& setting, Index dimension);

struct DrawnThreshold {
  FiniteSize size;
  Index draws = 1;            ///< 1 for a law whose finite spectra are not random
  double eta = 0;             ///< mean of the exact thresholds of the draws
  double standard_error = 0;  ///< of the mean; 0 for one draw
  double residual = 0;        ///< largest relative error of a threshold
  LimitThreshold limit;       ///< at the ratios of `size`
};

/// Exact mean-square thresholds of `draws` ≥ 1 finite models. O(draws · min(d, n)² · n).
[[nodiscard]] DrawnThreshold drawn_threshold(const LimitSetting& setting, Index dimension, Index draws,
                                             std::uint64_t seed, int threads, const Monitor& monitor = {});

struct SimulatedLoss {
  FiniteSize size;
  Index replicas = 0;
  LossCurve limit;                 ///< at the ratios of `size`
  std::optional<LossCurve> exact;  ///< of fresh Gaussian rows with the spectrum that was drawn: what the mean estimates
  std::vector<LossStatistics> statistics;
  /// (mean − expected)/standard error at every recorded step after the first, `expected` being `exact` where there is
  /// one and `limit` otherwise: against a limit the score holds its finite-size error too.
  std::vector<double> z;
};

/// Steps 0, 1, … `last` ≥ 1, about `records` of them, evenly in ln t.
[[nodiscard]] std::vector<Index> recorded_steps(Index last, Index records);

struct LossSimulationOptions {
  LossCurveOptions curve;
  Index dimension = 200;
  Index replicas = 100;
  Index records = 40;  ///< of recorded_steps
  std::uint64_t seed = 0;
  int threads = 1;
};

/// Simulates one finite model of the setting at step size eta. With irreducible loss, finite samples have noisy labels
/// and start at the minimum of the least-squares problem plus a random direction.
[[nodiscard]] SimulatedLoss simulated_loss(const LimitSetting& setting, double eta,
                                           const LossSimulationOptions& options, const Monitor& monitor = {});

}  // namespace brink
