#pragma once
// The span of sample rows in the eigenbasis of AᵀA/n, and per-sample Hessians as signed rows.

#include <string_view>

#include "brink/model/linearized_model.hpp"

namespace brink {

struct RowDecomposition {
  Vector values;   ///< eigenvalues of AᵀA/n above the cut, descending
  RowMatrix rows;  ///< A·basis
  Matrix basis;    ///< p × r, orthonormal columns
  LinearizedModel::Origin origin;
};

/// AᵀA/n = V diag(λ) Vᵀ for p ≤ nc; else AAᵀ/n = U diag(λ) Uᵀ, V = AᵀU diag(nλ)^{-1/2}.
[[nodiscard]] RowDecomposition decompose_rows(const RowMatrix& a, Index samples, double input_epsilon);

/// How many of the descending `values` exceed tolerance · values[0]; throws InvalidInput for rank 0.
[[nodiscard]] Index model_rank(const Vector& values, double tolerance, std::string_view function);

struct SignedRows {
  RowMatrix rows;  ///< (n·outputs) × d
  Vector signs;
  Index outputs = 0;
};

/// H_k = Σ_j sign_j row_j row_jᵀ for every sample of the stacked `hessians` ((n·d) × d).
[[nodiscard]] SignedRows split_hessians(const RowMatrix& hessians, Index samples, double input_epsilon);

}  // namespace brink
