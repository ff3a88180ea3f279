#pragma once
// Factories of the batch laws that ship with Brink, one file each.

#include <memory>

#include "brink/sampling/batch_law.hpp"

namespace brink {

std::shared_ptr<const BatchLaw> make_without_replacement();
std::shared_ptr<const BatchLaw> make_with_replacement();
std::shared_ptr<const BatchLaw> make_bernoulli();
std::shared_ptr<const BatchLaw> make_gaussian();

/// Throws InvalidInput unless 1 <= B <= n <= 2^32 − 1 (sample indices have 32 bits).
void check_batch(std::string_view law, Index samples, Index batch_size);

/// (c1, c2, c3) of a law whose batches hold distinct samples, from the probabilities q_j that j given samples are all
/// in the batch: E[S_B³] sums H_i H_j H_k over batches, and the terms with coinciding indices need q1 or q2, not q3.
BatchLaw::ThirdMoment third_moment_of_distinct_samples(double q1, double q2, double q3);

}  // namespace brink
