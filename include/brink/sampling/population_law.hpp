#pragma once
// A batch law on a population of which the model holds a subsample. docs/theory.md, (3.1) with N in place of n.

#include "brink/sampling/batch_law.hpp"

namespace brink {

/// `law` drawing batches from N samples, of which the n samples of the model are a simple random subsample: p1 and p2
/// are those of N, and means over the population are estimated by means over the subsample. So B may be up to N. For
/// theory only: it has no samples to draw. Throws InvalidInput for fresh Gaussian rows, which are a population already.
[[nodiscard]] std::shared_ptr<const BatchLaw> make_population_law(std::shared_ptr<const BatchLaw> law,
                                                                  Index population);

}  // namespace brink
