#pragma once
// Every batch that a law can draw, with its probability: what moments beyond the second need, because they do not
// reduce to a few coefficients.

#include <functional>
#include <vector>

#include "brink/sampling/batch_law.hpp"

namespace brink {

/// How many different batches (as multisets) the law draws from n samples: C(n, B) without replacement, C(n+B−1, B)
/// with replacement, 2ⁿ for Bernoulli. Infinite for a law that cannot be enumerated: fresh Gaussian rows, a population
/// of which only a subsample is known, and laws added later.
[[nodiscard]] double number_of_batches(const BatchLaw& law, Index samples, Index batch_size);

/// Calls visit(counts, probability) for every batch, counts[k] telling how often sample k is in it. Probabilities add
/// up to 1. Throws InvalidInput unless number_of_batches() is finite. O(n) a batch.
void for_each_batch(const BatchLaw& law, Index samples, Index batch_size,
                    const std::function<void(const std::vector<Index>& counts, double probability)>& visit);

}  // namespace brink
