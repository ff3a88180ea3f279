#pragma once
// How far a threshold computed from a subsample may be from that of the population.

#include "brink/stability/mean_square.hpp"

namespace brink {

struct SubsampleError {
  double standard_error = 0;  ///< of η*, absolute
  Index groups = 0;
};

/// Delete-a-group jackknife [Quenouille 1956; Kott 2001] of docs/theory.md, (4.4): thresholds without one of g = min(n,
/// 20) groups of samples each (sample k is in group k mod g), s² = (g−1)/g Σ (η_g − η̄)², times 1 − n/N for a simple
/// random subsample of a population of N (`law`). Samples that are not exchangeable (sorted by class, say) should be
/// shuffled on export: groups then mix them. Throws InvalidInput for fewer than 3 samples. g thresholds and
/// eigendecompositions.
[[nodiscard]] SubsampleError subsample_error(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                             Index batch_size);

}  // namespace brink
