#pragma once
// The central flow [Cohen, Damian, Talwalkar, Kolter & Lee 2024]: the smooth curve that an oscillating optimizer
// follows on average, for any number of directions at the edge, and the covariance of the oscillation about it.
//
//   dw/dt = −P⁻¹[∇L(w) + ½∇⟨∇²L(w), Σ⟩],   Σ = U X Uᵀ,
//
// P is the preconditioner of the optimizer, U (p × k) the eigenvectors of P⁻¹∇²L near the edge 2, P-orthonormal, and X
// the solution of the complementarity problem that keeps those eigenvalues from rising above 2.

#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/edge/semidefinite_complementarity.hpp"
#include "brink/linalg/top_eigenvalues.hpp"
#include "brink/network/objective.hpp"

namespace brink {

enum class FlowOptimizer {
  gradient_descent,  ///< P = 1/η
  scalar_rms_prop,   ///< P = √ν/η, ν an average of ‖g‖²
  rms_prop,          ///< P = diag(√ν)/η, ν an average of g∘g
};

struct CentralFlowOptions {
  FlowOptimizer optimizer = FlowOptimizer::gradient_descent;
  double eta = 0.1;         ///< > 0
  double averaging = 0.99;  ///< β₂ of ν⁺ = β₂ν + (1−β₂)g², in (0, 1)
  Index largest_count = 6;  ///< directions that can be at the edge at once, ≥ 1
  double near = 0.1;        ///< a direction is tracked from 2(1 − near) on, in (0, 1)
  int substeps = 4;         ///< Euler steps per step of the optimizer, ≥ 1
  double tolerance = 1e-7;  ///< of eigenvalues, relative
};

/// Where the flow is.
struct CentralFlowState {
  Vector w;
  Vector nu;                    ///< empty, 1 or p entries, by optimizer
  std::vector<Vector> vectors;  ///< eigenvectors of P^{-½}∇²L P^{-½}: warm starts
  Matrix oscillation;           ///< X of the last substep, k × k: warm start
};

/// What was found at the beginning of a step. docs/edge.md, (E.14) to (E.18).
struct CentralFlowReading {
  double loss = 0;                    ///< L(w)
  double time_averaged_loss = 0;      ///< L(w) + ½⟨∇²L, Σ⟩
  double time_averaged_gradient = 0;  ///< E‖g‖² = ‖∇L‖² + tr(∇²L Σ ∇²L)
  std::vector<Estimate> eigenvalues;  ///< of P⁻¹∇²L, descending: those tracked and the next; the edge is 2
  Index tracked = 0;                  ///< k
  Index oscillating = 0;              ///< rank of X: eigenvalues above 1e-9 of the largest
  double variance = 0;                ///< tr Σ = E‖δ‖² of the oscillation
  Vector oscillation;                 ///< eigenvalues of Σ, descending
  double residual = 0;                ///< of the complementarity problem
  Index hessian_products = 0;
};

/// The flow at rest at θ. `nu`: as in CentralFlowState; empty starts ν at its average for the gradient at θ.
/// Throws InvalidInput for options out of range.
[[nodiscard]] CentralFlowState start_central_flow(const Objective<double>& objective, const CentralFlowOptions& options,
                                                  Vector theta, Vector nu = {});

/// Moves by the time of one step of the optimizer, and returns the reading at its beginning. Throws NotConverged when
/// more than `largest_count` directions reach the edge, where the flow is not finite, or where the complementarity
/// problem stays above its tolerance.
[[nodiscard]] CentralFlowReading central_flow_step(const Objective<double>& objective,
                                                   const CentralFlowOptions& options, CentralFlowState& state);

}  // namespace brink
