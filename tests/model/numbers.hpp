#pragma once
// Matrices without structure, the same on every machine.

#include <cmath>

#include "brink/linalg/matrix.hpp"

namespace brink::test {

inline RowMatrix numbers(Index rows, Index columns, double seed) {
  RowMatrix matrix(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) {
      const auto x = static_cast<double>(i + 1);
      const auto y = static_cast<double>(j + 1);
      matrix(i, j) = std::sin(12.9898 * x + 78.233 * x * y + 3.7 * y * y + seed * (1 + 0.77 * x + 1.31 * y * y));
    }
  }
  return matrix;
}

/// The same with mean zero over the rows.
inline RowMatrix centered(RowMatrix matrix) {
  const Eigen::RowVectorXd mean = matrix.colwise().mean();
  matrix.rowwise() -= mean;
  return matrix;
}

}  // namespace brink::test
