#pragma once
// Several of the algebraically largest eigenvalues of a symmetric operator, one after the other: each is the largest of
// the operator restricted to the complement of those found, so equal eigenvalues are found as often as they occur.

#include <vector>

#include "brink/linalg/eigen_solver.hpp"

namespace brink {

/// The `count` algebraically largest eigenpairs, descending, 1 ≤ count ≤ dimension. Residuals ‖Av − λv‖ are those of
/// the operator itself; vectors are orthonormal. `starts` (may be shorter) warm-start them, in order. `options` are
/// those of every pair. Throws InvalidInput as top_eigenpair does, and for a count out of range.
[[nodiscard]] std::vector<TopEigenResult> top_eigenpairs(const SymmetricOperator& op, Index count,
                                                         const TopEigenOptions& options = {},
                                                         const std::vector<Vector>& starts = {});

}  // namespace brink
