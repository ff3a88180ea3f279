#pragma once
// Products with a factor of few rows, as batches of few samples make them. A general product packs both factors first,
// which then costs as much as the product; here the large factor is read where it lies, once for eight rows of the
// other. All matrices are row-major.

#include <algorithm>
#include <utility>

#include "brink/network/objective.hpp"

namespace brink::network_detail {

// Registers and tiles: sums and factors of a tile are to fit into 32 registers of 64 bytes, or 16 of 32.
#ifdef __AVX512F__
inline constexpr Index kRegister = 64;
inline constexpr int kTallTile = 3;  ///< columns beside more than 4 rows
inline constexpr int kFlatTile = 5;  ///< columns beside at most 4 rows
#else
inline constexpr Index kRegister = 32;
inline constexpr int kTallTile = 1;
inline constexpr int kFlatTile = 2;
#endif

/// Above these the general product is as fast.
inline constexpr Index kFewRows = 16;
inline constexpr Index kFewTerms = 8;

/// C(i, j) = or += a_i·b_j for Rows × Columns vectors of length k.
template <int Rows, int Columns, class Real>
void dot_products(Index k, const Real* a, const Real* b, bool add, Real* c, Index stride) {
  constexpr Index width = kRegister / sizeof(Real);
  using Pack = Eigen::Array<Real, width, 1>;
  Pack sums[Rows][Columns];
  for (auto& row : sums)
    for (auto& sum : row) sum.setZero();
  const auto accumulate = [&](const auto& load, Index at) {
    Pack left[Rows];
    Pack right[Columns];
    for (int i = 0; i < Rows; ++i) left[i] = load(a + i * k + at);
    for (int j = 0; j < Columns; ++j) right[j] = load(b + j * k + at);
    for (int i = 0; i < Rows; ++i)
      for (int j = 0; j < Columns; ++j) sums[i][j] += left[i] * right[j];
  };
  Index at = 0;
  for (; at + width <= k; at += width)
    accumulate([](const Real* from) -> Pack { return Eigen::Map<const Pack>(from); }, at);
  constexpr Index half = width / 2;
  if (at + half <= k) {
    accumulate(
        [](const Real* from) {
          Pack padded = Pack::Zero();
          padded.template head<half>() = Eigen::Map<const Eigen::Array<Real, half, 1>>(from);
          return padded;
        },
        at);
    at += half;
  }
  for (int i = 0; i < Rows; ++i)
    for (int j = 0; j < Columns; ++j) {
      Real total = sums[i][j].sum();
      for (Index rest = at; rest < k; ++rest) total += a[i * k + rest] * b[j * k + rest];
      Real& out = c[i * stride + j];
      out = add ? out + total : total;
    }
}

/// C (m × n) = or += A Bᵀ, A m × k of few rows (m ≥ 1), B n × k.
template <class Real, int Rows = 8>
void few_rows_times_transposed(Index m, Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  if constexpr (Rows > 1) {
    if (m < Rows) return few_rows_times_transposed<Real, Rows - 1>(m, n, k, a, b, add, c);
  }
  constexpr int columns = Rows > 4 ? kTallTile : kFlatTile;
  Index j = 0;
  for (; j + columns <= n; j += columns) dot_products<Rows, columns>(k, a, b + j * k, add, c + j, n);
  for (; j < n; ++j) dot_products<Rows, 1>(k, a, b + j * k, add, c + j, n);
  if (m > Rows) few_rows_times_transposed<Real>(m - Rows, n, k, a + Rows * k, b, add, c + Rows * n);
}

/// C = or += A B for Rows rows of A and Packs · Width columns of B.
template <int Rows, int Packs, int Width, class Real>
void sums_of_rows(Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  using Pack = Eigen::Array<Real, Width, 1>;
  Pack sums[Rows][Packs];
  for (auto& row : sums)
    for (auto& sum : row) sum.setZero();
  for (Index l = 0; l < k; ++l) {
    Pack right[Packs];
    for (int p = 0; p < Packs; ++p) right[p] = Eigen::Map<const Pack>(b + l * n + p * Width);
    for (int i = 0; i < Rows; ++i)
      for (int p = 0; p < Packs; ++p) sums[i][p] += a[i * k + l] * right[p];
  }
  for (int i = 0; i < Rows; ++i)
    for (int p = 0; p < Packs; ++p) {
      Eigen::Map<Pack> out(c + i * n + p * Width);
      if (add) {
        out += sums[i][p];
      } else {
        out = sums[i][p];
      }
    }
}

/// C (m × n) = or += A B, A m × k of few rows (m ≥ 1), B k × n.
template <class Real, int Rows = 8>
void few_rows_times(Index m, Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  if constexpr (Rows > 1) {
    if (m < Rows) return few_rows_times<Real, Rows - 1>(m, n, k, a, b, add, c);
  }
  constexpr int width = kRegister / sizeof(Real);
  Index j = 0;
  constexpr int step = kTallTile * width;
  for (; j + step <= n; j += step) sums_of_rows<Rows, kTallTile, width>(n, k, a, b + j, add, c + j);
  for (; j + width <= n; j += width) sums_of_rows<Rows, 1, width>(n, k, a, b + j, add, c + j);
  for (; j + width / 2 <= n; j += width / 2) sums_of_rows<Rows, 1, width / 2>(n, k, a, b + j, add, c + j);
  for (; j < n; ++j) sums_of_rows<Rows, 1, 1>(n, k, a, b + j, add, c + j);
  if (m > Rows) few_rows_times<Real>(m - Rows, n, k, a + Rows * k, b, add, c + Rows * n);
}

/// C (m × n) = or += AᵀB, A Terms × m with rows `stride` apart, B Terms × n.
template <class Real, std::size_t... Term>
void sum_of_outer_products(std::index_sequence<Term...>, Index m, Index n, const Real* a, Index stride, const Real* b,
                           bool add, Real* c) {
  using Row = Eigen::Map<const Eigen::Array<Real, Eigen::Dynamic, 1>>;
  for (Index i = 0; i < m; ++i) {
    Eigen::Map<Eigen::Array<Real, Eigen::Dynamic, 1>> out(c + i * n, n);
    const auto sum = ((a[static_cast<Index>(Term) * stride + i] * Row(b + static_cast<Index>(Term) * n, n)) + ...);
    if (add) {
      out += sum;
    } else {
      out = sum;
    }
  }
}

/// C (m × n) = or += AᵀB, A k × m with rows `stride` apart and B k × n, 1 ≤ k ≤ kFewTerms.
template <class Real, std::size_t Terms = kFewTerms>
void few_outer_products(Index m, Index n, Index k, const Real* a, Index stride, const Real* b, bool add, Real* c) {
  if constexpr (Terms > 1) {
    if (k < static_cast<Index>(Terms)) return few_outer_products<Real, Terms - 1>(m, n, k, a, stride, b, add, c);
  }
  sum_of_outer_products<Real>(std::make_index_sequence<Terms>(), m, n, a, stride, b, add, c);
}

}  // namespace brink::network_detail
