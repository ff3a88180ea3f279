#pragma once
// Trace and Frobenius norm of a symmetric operator from products with random vectors.
//
// Hutch++ [Meyer, Musco, Musco & Woodruff 2021, arXiv 2010.09649]: with Q an orthonormal basis of A S for a random
// sketch S, and P = I − QQᵀ,
//
//   tr A = tr(QᵀAQ) + E zᵀPAPz,        ‖A‖_F² = ‖AQ‖_F² + E ‖APz‖²,        z = ±1 at random [Hutchinson 1990].
//
// The first terms are exact and hold the few large eigenvalues, whose noise is what makes the plain estimate slow; the
// same products serve both. Without a sketch this is Hutchinson's estimate.

#include <cstdint>

#include "brink/base/estimate.hpp"
#include "brink/linalg/eigen_solver.hpp"

namespace brink {

struct TraceOptions {
  Index sketch = 8;              ///< columns of S, ≥ 0, at most the dimension; costs 2 products each
  double relative_error = 0.02;  ///< wanted standard error of both, relative; > 0
  Index min_probes = 8;          ///< vectors z, ≥ 2
  Index max_probes = 1000;       ///< ≥ min_probes
  std::uint64_t seed = 0;
};

struct TraceAndNorm {
  Estimate trace;
  Estimate frobenius;
  Index products = 0;
};

/// tr A and ‖A‖_F with their standard errors. Stops as soon as both reach the wanted relative error; what does not by
/// max_probes carries a warning. Exact (error 0 but for rounding) where the sketch spans the range of A.
/// Throws InvalidInput for options out of range or a product that is not finite.
[[nodiscard]] TraceAndNorm trace_and_norm(const SymmetricOperator& op, const TraceOptions& options = {});

}  // namespace brink
