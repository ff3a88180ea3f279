#pragma once
// What theory says about the cells of a verification, before anything is simulated.

#include <memory>
#include <optional>
#include <vector>

#include "brink/sampling/batch_law.hpp"
#include "brink/stability/lifted_mode.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

/// Theory of one cell at one step size.
struct TheoryPoint {
  double eta = 0;
  double eta_over_threshold = 0;
  double log_growth = 0;  ///< of the perturbed theory
  double error = 0;
  double slope = 0;  ///< dΛ/d ln η of the unperturbed theory
  LiftedMode start;  ///< the leading mode, where replicas start; empty without noise
};

struct CellTheory {
  std::shared_ptr<const UpdateRule> rule;
  std::shared_ptr<const BatchLaw> law;
  Index batch_size = 1;
  bool has_noise = true;  ///< false when every batch has the Hessian H
  double eta = 0;         ///< η* of the unperturbed theory: step sizes are multiples of this
  CellResult result;      ///< its threshold fields are those of the perturbed theory
  std::vector<TheoryPoint> points;
  LiftedMode critical_start;  ///< the same at the threshold, for its measurement
};

/// Step sizes at which growth is wanted: multiples of η* when there are any, else absolute ones.
struct StepSizes {
  std::vector<double> over_threshold;
  std::vector<double> absolute;
};

/// False when every batch has the Hessian H.
[[nodiscard]] bool law_has_noise(const LinearizedModel& model, const BatchLaw& law, Index batch_size);

/// Threshold, batch sharpness and growth of every cell. Groups of equal rule, parameters and sampling run in parallel
/// and share a TransferBasis inside; groups and the order inside them do not depend on `threads`.
[[nodiscard]] std::vector<CellTheory> compute_theory(const LinearizedModel& model, const std::vector<Cell>& cells,
                                                     const StepSizes& steps, double perturbation, int threads,
                                                     const Monitor& monitor);

}  // namespace brink
