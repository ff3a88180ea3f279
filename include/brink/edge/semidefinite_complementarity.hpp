#pragma once
// The semidefinite complementarity problem of the central flow: find a symmetric X with
//
//   X ⪰ 0,   G = 𝒜 + 𝓑X ⪰ 0,   ⟨X, G⟩ = 0,
//
// docs/edge.md, (E.15), which are the optimality conditions of min_{X ⪰ 0} ½⟨X, 𝓑X⟩ + ⟨𝒜, X⟩ for a symmetric positive
// semidefinite 𝓑 [Cohen, Damian, Talwalkar, Kolter & Lee 2024, App. A].

#include "brink/linalg/matrix.hpp"

namespace brink {

/// Symmetric k × k matrices as vectors of k(k+1)/2 entries whose scalar product is the Frobenius product: the lower
/// triangle column by column, entries off the diagonal times √2.
[[nodiscard]] Vector to_half_vector(const Matrix& symmetric);
[[nodiscard]] Matrix from_half_vector(const Vector& half);

/// The projection onto the cone: negative eigenvalues set to 0. O(k³).
[[nodiscard]] Matrix positive_part(const Matrix& symmetric);

struct ComplementarityOptions {
  double tolerance = 1e-10;  ///< of `residual`; > 0
  int max_iterations = 20000;
};

struct ComplementaritySolution {
  Matrix x;                ///< k × k, positive semidefinite
  Matrix slack;            ///< G = 𝒜 + 𝓑X
  double residual = 0;     ///< L‖X − (X − G/L)₊‖_F/‖𝒜‖_F with L = ‖𝓑‖: 0 exactly at a solution
  double infeasible = 0;   ///< max(0, −λ_min(G))/‖𝒜‖_F
  double gap = 0;          ///< |⟨X, G⟩|/(‖𝒜‖_F‖X‖_F), 0 for X = 0
  double error_bound = 0;  ///< ‖X − X*‖_F is at most this [Pang 1987]; +∞ where 𝓑 is singular to rounding
  int iterations = 0;
  bool converged = false;
};

/// Accelerated projected gradient (FISTA [Beck & Teboulle 2009]) with restarts where the objective rises, from `start`
/// (empty: 0). `a`: k × k symmetric; `b`: m × m, m = k(k+1)/2, in the basis of to_half_vector, symmetric positive
/// semidefinite. Throws InvalidInput for other shapes, a number that is not finite, and 𝓑 with a negative eigenvalue.
[[nodiscard]] ComplementaritySolution solve_complementarity(const Matrix& a, const Matrix& b, const Matrix& start = {},
                                                            const ComplementarityOptions& options = {});

}  // namespace brink
