#pragma once
// Trajectories over epochs of a shuffled data set. docs/theory.md, (4.21).

#include "brink/sampling/epoch.hpp"
#include "brink/simulation/engine.hpp"

namespace brink {

/// Trajectories of the linearized model in the eigenbasis of H, one *epoch* an advance(): every replica shuffles the
/// samples anew (Philox keyed by seed, replica and epoch) and makes epoch.steps() real updates on the consecutive
/// batches; momentum buffers carry over. Epochs are independent where steps are not, so replicas may be cloned between
/// them, and every estimator of growth.hpp measures the growth per epoch: divide by epoch.steps() for that of a step.
/// `dynamics.law` and `dynamics.batch_size` are not used. Throws InvalidInput for a model without samples, an epoch of
/// another number of samples, or a bad step size.
[[nodiscard]] std::unique_ptr<Engine> make_reshuffled_engine(const LinearizedModel& model, const Epoch& epoch,
                                                             const Dynamics& dynamics);

}  // namespace brink
