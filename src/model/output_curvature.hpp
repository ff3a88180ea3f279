#pragma once
// What an exporter's loss does to the rows: S_k = R_kᵀR_k and the scale s.

#include <string_view>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// R_k with S_k = R_kᵀR_k for every block of `curvature` ((n·c) × c). Throws InvalidInput, naming the sample, when a
/// block is not symmetric or has an eigenvalue below −c·eps·max_k‖S_k‖.
[[nodiscard]] RowMatrix factor_output_curvature(const RowMatrix& curvature, Index rows, Index outputs,
                                                double input_epsilon);

void check_loss_scale(double loss_scale, std::string_view function);

/// y = S_k f for c numbers each; the identity when `curvature` is empty. No allocation.
inline void apply_output_curvature(const RowMatrix& curvature, Index sample, Index outputs, const double* f,
                                   double* y) {
  for (Index i = 0; i < outputs; ++i) {
    if (curvature.size() == 0) {
      y[i] = f[i];
      continue;
    }
    const double* const row = curvature.data() + (sample * outputs + i) * outputs;
    y[i] = 0;
    for (Index j = 0; j < outputs; ++j) y[i] += row[j] * f[j];
  }
}

}  // namespace brink
