#pragma once
// Everything Brink knows about the stability of shuffled epochs: exact where all orders can be enumerated, measured
// where they cannot.

#include <optional>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/stability/reshuffling.hpp"

namespace brink {

struct ReshuffledOptions {
  std::vector<double> etas;  ///< step sizes whose growth is wanted
  Index replicas = 512;      ///< of a measurement, ≥ 2
  Index epochs = 256;        ///< of a measurement after burn-in, ≥ 64
  std::uint64_t seed = 0;
  int threads = 1;
};

struct ReshuffledStability {
  Epoch epoch;
  /// Where E‖z‖² stops to decay over epochs. Its error is a residual where it is exact, a standard error where it was
  /// measured.
  Estimate eta;
  double lower = 0;  ///< 95% interval of a measured eta; 0 where it is exact
  double upper = 0;
  std::optional<EpochThreshold> mean;    ///< where the mean over all orders stops to decay
  std::string mean_reason;               ///< why it is absent
  std::optional<EpochThreshold> cyclic;  ///< epochs in the order of the data, without a shuffle
  std::string cyclic_reason;
  std::vector<Estimate> log_growth;  ///< of E‖z‖² per step, one a step size of the options
};

/// Thresholds and growth of shuffled epochs. `independent` is the threshold of independent batches of this size without
/// replacement: where the search begins, and whose critical mode the replicas of a measurement start in. The
/// measurement is cloning from epoch to epoch; no theory enters it but start and norm: docs/theory.md, (7.2).
/// Exact without enumeration where an epoch has one batch (independent batches) and for SGD with B = 1 in one
/// dimension (order is irrelevant). Throws InvalidInput for a model without samples or options out of range,
/// NotConverged when a search fails.
[[nodiscard]] ReshuffledStability reshuffled_stability(const LinearizedModel& model,
                                                       const std::shared_ptr<const UpdateRule>& rule,
                                                       const Epoch& epoch, const MeanSquareThreshold& independent,
                                                       const ReshuffledOptions& options, const Monitor& monitor = {});

}  // namespace brink
