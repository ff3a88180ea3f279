#pragma once
// Products with a factor of few rows, as batches of few samples make them. A general product packs both factors first,
// which then costs as much as the product; here the large factor is read where it lies, once for several rows
// of the other. All matrices are row-major.

#include "brink/network/objective.hpp"
#include "pack.hpp"

namespace brink::network_detail {

// Tiles whose sums and factors fit into the registers: 32 of 64 bytes, or 16.
inline constexpr bool kManyRegisters = kRegister == 64;
inline constexpr int kRows = kManyRegisters ? 8 : 4;
inline constexpr int kColumns = 3;
inline constexpr int kOuterRows = kManyRegisters ? 4 : 1;

/// Above these the general product is as fast.
inline constexpr Index kFewRows = 16;
inline constexpr Index kFewTerms = 8;
inline constexpr Index kFewColumns = 16;

/// C(i, j) = or += a_i·b_j for Rows × Columns vectors of length k.
template <int Rows, int Columns, class Real>
void dot_products(Index k, const Real* a, const Real* b, bool add, Real* c, Index stride) {
  constexpr int width = kWidth<Real>;
  constexpr int group = std::min(Rows, width);  // of rows whose sums are added up together
  constexpr int groups = (Rows + group - 1) / group;
  Pack<Real, width> sums[Columns][groups][group] = {};
  const auto accumulate = [&](const auto& read, Index at) {
    Pack<Real, width> right[Columns];
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) right[j] = read(b + j * k + at);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      auto left = read(a + i * k + at);
      if constexpr (Columns > 1) keep(left);
#pragma GCC unroll 16
      for (int j = 0; j < Columns; ++j) sums[j][i / group][i % group] += left * right[j];
    }
  };
  Index at = 0;
  for (; at + width <= k; at += width) accumulate([](const Real* from) { return load<width>(from); }, at);
  if (at + width / 2 <= k) {
    accumulate([](const Real* from) { return load_half<width>(from); }, at);
    at += width / 2;
  }
#pragma GCC unroll 16
  for (int j = 0; j < Columns; ++j)
#pragma GCC unroll 16
    for (int g = 0; g < groups; ++g) {
      Real totals[width];
      store(totals, sums_of<Real, width>(sums[j][g]));
#pragma GCC unroll 16
      for (int i = 0; i < group; ++i) {
        const int row = g * group + i;
        if (row >= Rows) continue;
        for (Index rest = at; rest < k; ++rest) totals[i] += a[row * k + rest] * b[j * k + rest];
        Real& out = c[row * stride + j];
        out = add ? out + totals[i] : totals[i];
      }
    }
}

/// C (m × n) = or += A Bᵀ, A m × k of few rows (m ≥ 1), B n × k.
template <class Real, int Rows = kRows>
void few_rows_times_transposed(Index m, Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  if constexpr (Rows > 1) {
    if (m < Rows) return few_rows_times_transposed<Real, Rows - 1>(m, n, k, a, b, add, c);
  }
  Index j = 0;
  for (; j + kColumns <= n; j += kColumns) dot_products<Rows, kColumns>(k, a, b + j * k, add, c + j, n);
  for (; j < n; ++j) dot_products<Rows, 1>(k, a, b + j * k, add, c + j, n);
  if (m > Rows) few_rows_times_transposed<Real>(m - Rows, n, k, a + Rows * k, b, add, c + Rows * n);
}

/// C = or += A B for Rows rows of A and Packs · Width columns of B.
template <int Rows, int Packs, int Width, class Real>
void sums_of_rows(Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  Pack<Real, Width> sums[Rows][Packs] = {};
  for (Index l = 0; l < k; ++l) {
    Pack<Real, Width> right[Packs];
#pragma GCC unroll 16
    for (int p = 0; p < Packs; ++p) right[p] = load<Width>(b + l * n + p * Width);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
      for (int p = 0; p < Packs; ++p) sums[i][p] += a[i * k + l] * right[p];
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 16
    for (int p = 0; p < Packs; ++p) {
      Real* const out = c + i * n + p * Width;
      store(out, add ? load<Width>(out) + sums[i][p] : sums[i][p]);
    }
}

/// C (m × n) = or += A B, A m × k of few rows (m ≥ 1), B k × n.
template <class Real, int Rows = kRows>
void few_rows_times(Index m, Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  if constexpr (Rows > 1) {
    if (m < Rows) return few_rows_times<Real, Rows - 1>(m, n, k, a, b, add, c);
  }
  constexpr int width = kWidth<Real>;
  constexpr int step = kColumns * width;
  Index j = 0;
  for (; j + step <= n; j += step) sums_of_rows<Rows, kColumns, width>(n, k, a, b + j, add, c + j);
  for (; j + width <= n; j += width) sums_of_rows<Rows, 1, width>(n, k, a, b + j, add, c + j);
  for (; j + width / 2 <= n; j += width / 2) sums_of_rows<Rows, 1, width / 2>(n, k, a, b + j, add, c + j);
  for (; j < n; ++j) sums_of_rows<Rows, 1, 1>(n, k, a, b + j, add, c + j);
  if (m > Rows) few_rows_times<Real>(m - Rows, n, k, a + Rows * k, b, add, c + Rows * n);
}

/// The rows from `row` on of AᵀB from column j on, to `sink`; left[term] are the entries of A there.
template <int Width, class Real, class Sink, int Terms, int Rows>
void outer_rows(Index row, Index j, Index n, const Real (&left)[Terms][Rows], const Real* b, Sink sink) {
  for (; j + Width <= n; j += Width) {
    const Real* factors = &left[0][0];
    if constexpr (Rows > 1) keep(factors);  // as packs they would not all fit into the registers
    Pack<Real, Width> sums[Rows] = {};
#pragma GCC unroll 16
    for (int term = 0; term < Terms; ++term) {
      const auto right = load<Width>(b + term * n + j);
#pragma GCC unroll 16
      for (int i = 0; i < Rows; ++i) sums[i] += factors[term * Rows + i] * right;
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) sink((row + i) * n + j, sums[i]);
  }
  if constexpr (Width > 1) outer_rows<Width / 2>(row, j, n, left, b, sink);
}

/// AᵀB, A k × m with rows `stride` apart and B k × n, 1 ≤ k ≤ kFewTerms: sink(offset in the row-major m × n result,
/// pack of entries) takes every entry once.
template <class Real, class Sink, int Terms = kFewTerms>
void few_outer_products(Index m, Index n, Index k, const Real* a, Index stride, const Real* b, Sink sink) {
  if constexpr (Terms > 1) {
    if (k < Terms) return few_outer_products<Real, Sink, Terms - 1>(m, n, k, a, stride, b, sink);
  }
  const auto rows = [&]<int Rows>(Index row) {
    Real left[Terms][Rows];  // beside each other: the addresses of the rows of A would not fit into the registers
    for (int term = 0; term < Terms; ++term) std::copy_n(a + term * stride + row, Rows, left[term]);
    outer_rows<kWidth<Real>>(row, 0, n, left, b, sink);
  };
  Index i = 0;
  for (; i + kOuterRows <= m; i += kOuterRows) rows.template operator()<kOuterRows>(i);
  for (; i < m; ++i) rows.template operator()<1>(i);
}

/// What is done with the entries of a product: C = or += them.
template <class Real>
struct Assign {
  Real* c;
  template <class Vector>
  void operator()(Index at, Vector values) const {
    store(c + at, values);
  }
};
template <class Real>
struct Accumulate {
  Real* c;
  template <class Vector>
  void operator()(Index at, Vector values) const {
    store(c + at, load<sizeof(Vector) / sizeof(Real)>(c + at) + values);
  }
};

}  // namespace brink::network_detail
