#pragma once
// The problem as the user gave it, before any eigenbasis: what the direct engine of the simulation runs real SGD on, so
// that a wrong ½ or 1/(nc) on the way to the LinearizedModel cannot hide.

#include <cstdint>
#include <memory>

#include "brink/linalg/matrix.hpp"

namespace brink {

class OriginalProblem {
 public:
  virtual ~OriginalProblem() = default;

  [[nodiscard]] virtual Index samples() const = 0;
  /// p, the number of parameters (or of function values where the problem lives in function space).
  [[nodiscard]] virtual Index dimension() const = 0;
  /// θ*, the minimum the model was linearized at.
  [[nodiscard]] virtual const Vector& minimum() const = 0;

  /// gradient = Σ_{k in batch} ∇ℓ_k(θ) of the original per-sample losses (not divided by the batch size), written to
  /// `gradient` (p numbers). `workspace` has room for workspace_size() numbers. No allocation; thread-safe.
  virtual void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                                double* workspace) const = 0;
  [[nodiscard]] virtual Index workspace_size() const { return 0; }

  /// (1/n) Σ_k ℓ_k(θ), in the convention of the original loss as the optimizer sees it.
  [[nodiscard]] virtual double loss(const Vector& theta) const = 0;

  /// A direction inside the span of the sample gradients, from an arbitrary one: the state space of the dynamics.
  [[nodiscard]] virtual Vector project_to_range(const Vector& direction) const = 0;
};

}  // namespace brink
