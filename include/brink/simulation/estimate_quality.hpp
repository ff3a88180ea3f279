#pragma once
// How good an estimate of cloning is: its bias in the number of replicas, measured; and differences between
// neighbouring settings, from common random numbers. docs/theory.md, (6.1).

#include <functional>
#include <memory>
#include <vector>

#include "brink/simulation/growth.hpp"

namespace brink {

/// Makes the engine of one run; called with the dynamics that carries the run's own seed.
using EngineFactory = std::function<std::unique_ptr<Engine>(const Dynamics&)>;

/// A seed for run `run` of those that belong to `seed`: apart from it and from one another.
[[nodiscard]] std::uint64_t run_seed(std::uint64_t seed, std::uint64_t run);

/// Cloning without its correction at one number of replicas: the mean over independent runs.
struct PopulationPoint {
  Index replicas = 0;
  Index runs = 0;
  double log_growth = 0;
  double standard_error = 0;
};

struct PopulationBias {
  std::vector<PopulationPoint> points;  ///< N, N/2, N/4
  Estimate log_growth;                  ///< Λ, extrapolated to infinitely many replicas
  double bias = 0;                      ///< of N replicas, without correction
  double bias_error = 0;                ///< its standard error; three of them bound what cannot be seen
  double degrees_of_freedom = 0;        ///< of log_growth: those of the run with N replicas, the largest part
};

/// The bias of cloning, without the correction that cloning_growth() adds: one run with N = options.replicas, two with
/// N/2, four with N/4, all with seeds of their own, extrapolated by the parabola Λ + b/N + c/N² through them: with few
/// replicas the second term is no smaller than the first, and a straight line would be wrong by many of its standard
/// errors. Every run has the same length, so each N costs the same. Three times the engine steps of cloning_growth.
/// Throws InvalidInput for N < 8, and what cloning_growth throws.
[[nodiscard]] PopulationBias population_bias(const EngineFactory& make_engine, const Dynamics& dynamics,
                                             const SimulationOptions& options, const Monitor& monitor = {});

/// Λ of `after` minus Λ of `before`, two runs of cloning_growth or ensemble_growth with the same seed and options at
/// neighbouring settings: they draw the same batches and forget their starts, so that step by step their growth moves
/// together.
struct GrowthDifference {
  Estimate difference;
  double degrees_of_freedom = 0;
  /// Variance of the difference of independent runs over that of this one.
  double variance_reduction = 0;
};

/// The standard error comes from batch means of the differences of the traces. Throws InvalidInput for traces that are
/// empty or of different lengths.
[[nodiscard]] GrowthDifference growth_difference(const GrowthEstimate& before, const GrowthEstimate& after);

}  // namespace brink
