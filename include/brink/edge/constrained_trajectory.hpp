#pragma once
// The constrained trajectory θ†: gradient descent projected onto the stable set, where the sharpness does not exceed
// the edge and the gradient has no part along the top eigenvector. It is what gradient descent follows on average once
// the oscillation holds the sharpness [Damian, Nichani & Lee 2022, Def. 1].

#include "brink/edge/edge_point.hpp"

namespace brink {

struct ConstrainedOptions {
  EdgePointOptions point;
  int projections = 3;  ///< corrections of a projection, ≥ 1
};

/// One point of the trajectory with all that is known there.
struct ConstrainedPoint {
  Vector theta;
  Vector moved;  ///< how far from the point before; empty for the first
  EdgePoint at;
  double sharpness_violation = 0;  ///< max(0, S − S*) after the projection
  double gradient_violation = 0;   ///< |u·∇L| after the projection
};

/// The projection of θ, docs/edge.md, (E.4): `projections` times θ −= max(0, S − S*)∇S⊥/β_s + u(u·∇L)/S.
/// `previous` warm-starts the eigenvectors. Throws NotConverged for S ≤ 0 or ∇S⊥ = 0 where they are divided by, and
/// what edge_point throws.
[[nodiscard]] ConstrainedPoint project_to_edge(const Objective<double>& objective, Vector theta, const EdgeRule& rule,
                                               const EdgePoint* previous = nullptr,
                                               const ConstrainedOptions& options = {});

/// The next point, docs/edge.md, (E.5): the projection of θ† + β(θ† − θ†_before) − η ∇L(θ†); from the first point, of
/// θ† − η_ef ∇L(θ†), as if it had long been on its way. On average a step is −η_ef ∇L, but momentum keeps curvatures
/// between 2/η_ef and the edge stable, and a step of −η_ef ∇L alone would not.
[[nodiscard]] ConstrainedPoint constrained_step(const Objective<double>& objective, const ConstrainedPoint& point,
                                                const EdgeRule& rule, const ConstrainedOptions& options = {});

}  // namespace brink
