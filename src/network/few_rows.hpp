#pragma once
// Products with a factor of few rows, as batches of few samples make them. A general product packs both factors first,
// which then costs as much as the product; here every number of the large factor is read once, where it lies. All
// matrices are row-major.

#include <algorithm>
#include <utility>

#include "brink/network/objective.hpp"

namespace brink::network_detail {

/// Above these the general product is as fast.
inline constexpr Index kFewRows = 16;
inline constexpr Index kFewTerms = 8;

/// C(i, j) = or += a_i·b_j for Rows × Columns vectors of length k.
template <int Rows, int Columns, class Real>
void dot_products(Index k, const Real* a, const Real* b, bool add, Real* c, Index stride) {
  constexpr Index width = 64 / sizeof(Real);
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
  if (at < k) {
    accumulate(
        [&](const Real* from) {
          Pack rest = Pack::Zero();
          std::copy_n(from, k - at, rest.data());
          return rest;
        },
        at);
  }
  for (int i = 0; i < Rows; ++i)
    for (int j = 0; j < Columns; ++j) {
      Real& out = c[i * stride + j];
      out = (add ? out : Real(0)) + sums[i][j].sum();
    }
}

/// C (m × n) = or += A Bᵀ, A m × k of few rows, B n × k.
template <class Real>
void few_rows_times_transposed(Index m, Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  constexpr int tile = 4;
  const auto columns = [&](auto width, Index j) {
    Index i = 0;
    for (; i + tile <= m; i += tile) dot_products<tile, width()>(k, a + i * k, b + j * k, add, c + i * n + j, n);
    for (; i < m; ++i) dot_products<1, width()>(k, a + i * k, b + j * k, add, c + i * n + j, n);
  };
  Index j = 0;
  for (; j + tile <= n; j += tile) columns(std::integral_constant<int, tile>(), j);
  for (; j < n; ++j) columns(std::integral_constant<int, 1>(), j);
}

/// C (m × n) = or += AᵀB, A Terms × m, B Terms × n.
template <class Real, std::size_t... Term>
void sum_of_outer_products(std::index_sequence<Term...>, Index m, Index n, const Real* a, const Real* b, bool add,
                           Real* c) {
  using Row = Eigen::Map<const Eigen::Array<Real, Eigen::Dynamic, 1>>;
  for (Index i = 0; i < m; ++i) {
    Eigen::Map<Eigen::Array<Real, Eigen::Dynamic, 1>> out(c + i * n, n);
    const auto sum = ((a[static_cast<Index>(Term) * m + i] * Row(b + static_cast<Index>(Term) * n, n)) + ...);
    if (add) {
      out += sum;
    } else {
      out = sum;
    }
  }
}

/// C (m × n) = or += AᵀB, A k × m and B k × n, 1 ≤ k ≤ kFewTerms.
template <class Real, std::size_t Terms = kFewTerms>
void few_outer_products(Index m, Index n, Index k, const Real* a, const Real* b, bool add, Real* c) {
  if constexpr (Terms > 1) {
    if (k < static_cast<Index>(Terms)) return few_outer_products<Real, Terms - 1>(m, n, k, a, b, add, c);
  }
  sum_of_outer_products<Real>(std::make_index_sequence<Terms>(), m, n, a, b, add, c);
}

}  // namespace brink::network_detail
