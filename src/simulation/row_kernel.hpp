#pragma once
// The inner loop of the simulation: gradient += scale · Σ_j sign_j (a_j·x) a_j over a list of rows.

#include <cstdint>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// Rows are padded with zeros to a multiple of this many numbers (one 256-bit register).
inline constexpr Index kLanes = 4;

[[nodiscard]] constexpr Index padded_length(Index size) { return (size + kLanes - 1) / kLanes * kLanes; }

/// Rows as the kernel reads them: row j starts at data + j·length, length a multiple of kLanes.
struct PaddedRows {
  const double* data = nullptr;
  Index length = 0;
  const double* signs = nullptr;  ///< ±1 per row; null: all +1
};

/// Adds the rows numbered rows_wanted[0 … count) to `gradient` (length numbers). Four rows share one pass over x and
/// one over the gradient, so a row is read from memory once and from the first-level cache once.
/// 4·length flops a row; no allocation; x and gradient need no alignment and must not overlap.
void add_row_gradients(const PaddedRows& rows, const std::uint32_t* rows_wanted, Index count, double scale,
                       const double* x, double* gradient);

}  // namespace brink
