#pragma once
// The transfer form of indefinite samples with several outputs, where M is not symmetric in q.

#include "brink/stability/transfer_basis.hpp"

namespace brink {

/// Solves for s (or evaluates the eigenvalue at the guess) by Lanczos on Z ↦ √w ∘ Σ_k H_k (√w ∘ Z) H_k, which is
/// symmetric and has the leading eigenvalue of M. Throws NotConverged where w has a negative entry.
[[nodiscard]] TransferSolution solve_indefinite(const LinearizedModel& model, const TransferProblem& problem,
                                                TransferTask task);

}  // namespace brink
