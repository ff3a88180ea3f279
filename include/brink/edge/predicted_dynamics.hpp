#pragma once
// How far gradient descent is from the constrained trajectory, predicted: a recursion for v = θ − θ† that knows the
// loss only through its derivatives at θ† [Damian, Nichani & Lee 2022, Eq. 5 and App. E].

#include "brink/edge/constrained_trajectory.hpp"

namespace brink {

enum class PredictionKind {
  plain,        ///< docs/edge.md, (E.6): cubic in the loss
  generalized,  ///< docs/edge.md, (E.7): the force along u is that of the loss itself on the line θ† + xu
};

/// v and what momentum has gathered. Both have p entries; the buffer stays zero for β = 0.
struct PredictedState {
  Vector displacement;
  Vector buffer;
};

/// v with x = u·v, and a buffer at rest.
[[nodiscard]] PredictedState predicted_start(const Vector& displacement);

/// One step of size η: the coefficients are those of `at`. Costs one Hessian-vector product, and one gradient when
/// generalized.
void predicted_step(const Objective<double>& objective, const ConstrainedPoint& at, const EdgeRule& rule,
                    PredictionKind kind, PredictedState& state);

/// What a displacement means, docs/edge.md, (E.8).
struct EdgeReading {
  double x = 0;          ///< u·v
  double y = 0;          ///< ∇S⊥·v
  double sharpness = 0;  ///< S(θ†) + y + (u·∇S)x
  double loss = 0;       ///< L(θ†) + ½S*x² = L(θ†) + (1+β)x²/η
};

[[nodiscard]] EdgeReading read_displacement(const ConstrainedPoint& at, const EdgeRule& rule,
                                            const Vector& displacement);

}  // namespace brink
