#pragma once
// What decides how gradient descent behaves at the edge of stability, measured at one point θ [Damian, Nichani & Lee
// 2022]: the sharpness, how the loss wants to raise it, and how an oscillation along the top eigenvector lowers it.

#include <vector>

#include "brink/curvature/hessian.hpp"
#include "brink/network/objective.hpp"

namespace brink {

/// Gradient descent or heavy ball on all samples: m⁺ = βm + ∇L, θ⁺ = θ − ηm⁺.
struct EdgeRule {
  double eta = 0.1;     ///< > 0
  double momentum = 0;  ///< β in [0, 1)

  [[nodiscard]] double critical_sharpness() const { return 2 * (1 + momentum) / eta; }  ///< S*
  [[nodiscard]] double effective_eta() const { return eta / (1 - momentum); }           ///< of slow directions
};

/// docs/edge.md, (E.2) and (E.3). Vectors have p entries.
struct EdgePoint {
  double loss = 0;
  Vector gradient;             ///< ∇L
  double sharpness = 0;        ///< S = λ_max(∇²L)
  double sharpness_error = 0;  ///< residual ‖∇²L u − Su‖: an eigenvalue lies within
  double second = 0;           ///< λ₂, the second largest eigenvalue; −∞ for p = 1
  Vector u;                    ///< eigenvector of S, unit norm; its sign follows that of the start
  Vector second_vector;        ///< of λ₂, for warm starts
  Vector sharpness_gradient;   ///< ∇S = ∇³L(u, u)
  Vector projected_gradient;   ///< ∇S⊥ = ∇S − u(u·∇S)
  double alpha = 0;            ///< α = −∇L·∇S⊥, progressive sharpening: η_ef α a step
  double beta = 0;             ///< β_s = ‖∇S⊥‖²

  /// δ = √(2α/β_s), the oscillation that holds the sharpness. Throws InvalidInput unless α > 0 and β_s > 0.
  [[nodiscard]] double delta() const;
  /// ε = η_ef √α, the inverse time scale. Throws InvalidInput unless α ≥ 0.
  [[nodiscard]] double epsilon(const EdgeRule& rule) const;
  /// α/(‖∇L‖‖∇S⊥‖), the cosine of −∇L and ∇S⊥; 0 where one of them vanishes.
  [[nodiscard]] double alignment() const;
};

struct EdgePointOptions {
  double tolerance = 1e-8;  ///< of eigenvalues, relative to the largest
  bool second = true;       ///< measure λ₂; otherwise it stays as in `previous`, or −∞
  bool follow = false;  ///< where λ₂ is not measured: u by one Lanczos run from that of `previous`, which costs a
                        ///< tenth and does not confirm that no other eigenvalue has become larger
};

/// Everything above at θ: one gradient, two eigenpairs, one third derivative. `previous` warm-starts the eigenvectors
/// and fixes the sign of u. Throws InvalidInput for a θ of another length, NotConverged when the sharpness stays
/// above the tolerance.
[[nodiscard]] EdgePoint edge_point(const Objective<double>& objective, const Vector& theta,
                                   const EdgePoint* previous = nullptr, const EdgePointOptions& options = {});

/// How far the assumptions of the theory hold at a point, each as a number that should be small.
struct EdgeAssumptions {
  double misalignment = 0;  ///< 1 − alignment
  double second_ratio = 0;  ///< λ₂/S*: another direction becomes unstable at 1
  double fourth_derivative = 0;  ///< ‖∇⁴L(u,u,u)‖/(η‖∇S⊥‖²), by central differences of ∇³L(u,u) over ±½δu
  double fourth_error = 0;  ///< change of that when taken over ±δu
  double step_size = 0;     ///< ε: changes of the oscillation in one step
};

/// Measured at `point`, which must be that of `theta`. Throws as EdgePoint::delta.
[[nodiscard]] EdgeAssumptions check_assumptions(const Objective<double>& objective, const Vector& theta,
                                                const EdgePoint& point, const EdgeRule& rule);

/// Throws InvalidInput for η ≤ 0 or β outside [0, 1).
void check_rule(const EdgeRule& rule);

}  // namespace brink
