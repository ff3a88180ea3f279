#pragma once
// The batch-size regimes of a model: where the threshold η* grows in proportion to the batch size, where it has
// saturated at the noise-free edge, and the crossover between. docs/theory.md, (4.4); for a scalar problem η* is the
// edge over 1 + B½/B, B½ = Var(h)/a² (1+β)/(1−β) for heavy ball, docs/theory.md, (4.8).
//
// Found three times over: from theory, from trajectories of the linearized model, and from real SGD on the original
// problem; with one and the same reading of the curve η*(B), so that they can be compared.

#include <optional>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/model/model_source.hpp"
#include "brink/statistics/intervals.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

/// Noise-dominated while d ln η*/d ln B ≥ kProportional; curvature-dominated from η* ≥ kSaturated · edge on.
inline constexpr double kProportional = 0.9;
inline constexpr double kSaturated = 0.9;

enum class BatchRegime { noise_dominated, crossover, curvature_dominated };
[[nodiscard]] std::string to_string(BatchRegime regime);

/// A batch size, real because it is read between the sizes of the grid. Censored where the curve does not get there:
/// then only one end of the interval is known.
struct Boundary {
  std::optional<double> batch;
  Interval interval;     ///< 95%, by the standard errors of the points; of theory between the neighbouring sizes
  double log_error = 0;  ///< of a measured batch: standard error of its logarithm
  std::string reason;    ///< "below 1", "above 256": why batch is absent
};

struct RegimeCurve {
  std::string source;  ///< "theory", "linear" or "direct"
  std::vector<Index> batch;
  std::vector<double> eta;
  std::vector<double> standard_error;  ///< of eta; 0 for theory
  std::vector<double> residual;        ///< of theory: bound on the error of eta, relative; empty where it is measured
  std::vector<double> share;           ///< eta over the noise-free edge
  std::vector<BatchRegime> regime;
  Boundary noise_dominated_up_to;
  Boundary half;  ///< η* = half of the edge
  Boundary curvature_dominated_from;
};

struct RegimeComparison {
  std::string source;    ///< of the measurement
  std::string boundary;  ///< "half", …
  double theory = 0;     ///< read off theory at the same batch sizes
  double measured = 0;
  Interval interval;
  double z = 0;           ///< ln(measured/theory) in standard errors
  double critical_z = 0;  ///< set with `agrees` by judge_regimes
  bool agrees = false;    ///< |z| ≤ critical_z
};

struct BatchRegimes {
  std::string rule;
  double momentum = 0;
  std::string sampling;
  double edge = 0;
  RegimeCurve theory;                 ///< at many batch sizes
  std::vector<RegimeCurve> measured;  ///< at few
  std::vector<RegimeComparison> comparisons;
};

struct RegimeOptions {
  Index theory_points = 25;          ///< batch sizes of the curve of theory, evenly spaced in the logarithm
  std::vector<std::string> measure;  ///< among "linear", "direct"
  Index measured_points = 6;
  std::int64_t replicas = 1024;
  std::int64_t steps = 500;
  std::int64_t burn_in = 200;
  std::uint64_t seed = 0;
  int threads = 1;
};

/// The regimes of one rule. `cell` names rule, parameters and sampling; its batch size is not used. Throws InvalidInput
/// for a model without finite samples, where no step size is stable at full batch, or options out of range;
/// NotConverged when theory or a measurement fails.
[[nodiscard]] BatchRegimes batch_regimes(const LoadedModel& model, const Cell& cell, const RegimeOptions& options,
                                         const Monitor& monitor = {});

/// Probability that any comparison of a run disagrees where theory is right.
inline constexpr double kRegimeLevel = 0.05;

/// Decides every comparison of a run, by normal quantiles at kRegimeLevel over their number [Bonferroni].
void judge_regimes(std::vector<BatchRegimes>& rows);

/// After judge_regimes: whether all comparisons agree, and there is one. A run none of whose measured boundaries could
/// be compared could not have found an error, so it does not agree. Nothing where nothing was measured.
[[nodiscard]] std::optional<bool> regimes_agree(const std::vector<BatchRegimes>& rows);

/// Reads the boundaries off a curve; `edge` > 0. The resampling behind the intervals draws from `seed`.
void read_boundaries(RegimeCurve& curve, double edge, std::uint64_t seed);

}  // namespace brink
