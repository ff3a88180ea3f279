#pragma once
// The inner loop of the simulation: gradient += scale · Σ_j sign_j (a_j·x) a_j over a list of rows.

#include <cstdint>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// Rows are padded with zeros to a multiple of this many numbers: one register, and with 512 bits one cache line.
#ifdef __AVX512F__
inline constexpr Index kLanes = 8;
#else
inline constexpr Index kLanes = 4;
#endif

[[nodiscard]] constexpr Index padded_length(Index size) { return (size + kLanes - 1) / kLanes * kLanes; }

/// Rows as the kernel reads them: row j starts at data + j·length, length a multiple of kLanes.
struct PaddedRows {
  const double* data = nullptr;
  Index length = 0;
  const double* signs = nullptr;  ///< a factor per row, ±1 for samples of an indefinite model; null: all 1
};

/// The sum over rows that one replica wants.
struct RowSum {
  const std::uint32_t* wanted = nullptr;  ///< row numbers, repeats allowed
  Index count = 0;
  double scale = 1;
  bool accumulate = false;  ///< add to what `gradient` holds; otherwise overwrite it
};

/// gradient_i (+)= scale · Σ_j sign_j (a_j·x_i) a_j over the rows sums[i].wanted, for `replicas` replicas: x_i begins
/// at states + i·stride, gradient_i at gradients + i·length. Four rows share one pass over x and one over the gradient,
/// so a row comes from memory once and then from the first-level cache; meanwhile the next four, also those of the next
/// replica, are announced to it. 4·length flops a row; no allocation; any alignment; states and gradients must not
/// overlap.
void add_row_gradients(const PaddedRows& rows, const RowSum* sums, Index replicas, const double* states, Index stride,
                       double* gradients);

}  // namespace brink
