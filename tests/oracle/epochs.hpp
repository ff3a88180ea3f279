#pragma once
// Shuffled epochs by brute force: every permutation of the samples, one after the other.

#include <vector>

#include "oracle/dense.hpp"
#include "oracle/recursion.hpp"

namespace oracle {

/// The lifted maps of whole epochs, one a permutation of the samples, in parameter space. A last batch that is not full
/// is left out (`drop_last`) or averaged over the samples it has.
[[nodiscard]] std::vector<Matrix> all_epochs(const std::vector<Matrix>& hessians, int batch_size, bool drop_last,
                                             const Recursion& rule, double eta);

/// The same for the samples in the order given.
[[nodiscard]] Matrix epoch_in_order(const std::vector<Matrix>& hessians, const std::vector<int>& order, int batch_size,
                                    bool drop_last, const Recursion& rule, double eta);

/// E[P ⊗ P] over all permutations.
[[nodiscard]] Matrix epoch_second_moment(const std::vector<Matrix>& hessians, int batch_size, bool drop_last,
                                         const Recursion& rule, double eta);

/// How many batches an epoch has.
[[nodiscard]] int epoch_steps(int samples, int batch_size, bool drop_last);

}  // namespace oracle
