#pragma once
// The algebraically largest eigenvalue of a symmetric operator, matrix-free and certified.
//
// Spectra 1.0.1 can report success with wrong values on rank-one matrices and projectors, and can miss one of two equal
// eigenvalues (its issues 159 and 144). This wrapper is the only place that uses it: it restarts from a second random
// vector, measures the residual of what it returns, and uses a dense solver for small problems.

#include <cstdint>
#include <functional>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// A symmetric operator: anything with a dimension and one product y = A x (x and y never alias).
struct SymmetricOperator {
  Index dimension = 0;
  std::function<void(const Vector& x, Vector& y)> apply;
};

struct TopEigenOptions {
  double tolerance = 1e-11;    ///< wanted ‖Av − λv‖ ≤ tolerance · scale, scale the largest |Ritz value|; > 0
  Index dense_below = 64;      ///< problems up to this dimension are solved densely
  Index max_products = 20000;  ///< ≥ 1
  std::uint64_t seed = 0;      ///< of the starting vectors
};

struct TopEigenResult {
  double value = 0;
  Vector vector;        ///< unit norm
  double residual = 0;  ///< ‖Av − λv‖, measured
  Index products = 0;   ///< operator products spent
  bool converged = false;
};

/// The algebraically largest eigenpair. `start` (may be empty) warm-starts the iteration.
/// `converged` is false when the residual stayed above the tolerance: value and residual are then still what was
/// measured. Throws InvalidInput for an empty operator or a non-finite product.
[[nodiscard]] TopEigenResult top_eigenpair(const SymmetricOperator& op, const TopEigenOptions& options = {},
                                           const Vector& start = {});

}  // namespace brink
