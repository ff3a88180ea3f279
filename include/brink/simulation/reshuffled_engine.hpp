#pragma once
// Trajectories over epochs: the order of the batches, and controls of it. docs/theory.md, (4.21).

#include "brink/sampling/epoch.hpp"
#include "brink/simulation/engine.hpp"

namespace brink {

/// What happens to the cut of the data into batches from epoch to epoch.
enum class BatchOrder {
  reshuffled,  ///< samples are shuffled before every epoch
  cyclic,      ///< the batches are cut once, in the order of the data, and come one after the other
  fixed,       ///< the same batches, one of them drawn at every step
};

/// Trajectories of the linearized model in the eigenbasis of H, one *epoch* an advance(): every replica shuffles the
/// samples anew (Philox keyed by seed, replica and epoch) and makes epoch.steps() real updates on the consecutive
/// batches; momentum buffers carry over. Epochs are independent where steps are not, so replicas may be cloned between
/// them, and every estimator of growth.hpp measures the growth per epoch: divide by epoch.steps() for that of a step.
/// `dynamics.law` and `dynamics.batch_size` are not used. Throws InvalidInput for a model without samples, an epoch of
/// another number of samples, or a bad step size.
[[nodiscard]] std::unique_ptr<Engine> make_reshuffled_engine(const LinearizedModel& model, const Epoch& epoch,
                                                             const Dynamics& dynamics);

/// The same with another order of the batches. With `cyclic` every replica sees the same product of matrices, and the
/// growth of all moments is that of its spectral radius. With `fixed` an advance() is one *step*: a sample is drawn
/// and its batch taken, so that a smaller last batch comes less often and the mean gradient stays right; this is the
/// dynamics with batch size 1 of the model whose samples are the batches. Throws InvalidInput as above.
[[nodiscard]] std::unique_ptr<Engine> make_batch_order_engine(const LinearizedModel& model, const Epoch& epoch,
                                                              BatchOrder order, const Dynamics& dynamics);

}  // namespace brink
