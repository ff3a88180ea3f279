#include "row_kernel.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace brink {
namespace {

/// One register of numbers, at any address.
typedef double Lanes __attribute__((vector_size(kLanes * sizeof(double)), aligned(sizeof(double)), may_alias));
/// Four sums.
typedef double Four __attribute__((vector_size(4 * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef long long FourOrder __attribute__((vector_size(4 * sizeof(double))));

/// Gradients of at most this many registers stay in registers: half of those of the processor.
constexpr int kMostRegisters = kLanes == 8 ? 16 : 8;

const Lanes& lanes(const double* address) { return *reinterpret_cast<const Lanes*>(address); }
Lanes& lanes(double* address) { return *reinterpret_cast<Lanes*>(address); }

/// A register folded to four numbers of the same sum.
Four folded(Lanes a) {
  if constexpr (kLanes == 4) {
    return Four{a[0], a[1], a[2], a[3]};
  } else {
    return __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  }
}

/// The sums of the lanes of a, b, c and d.
Four sums(Four a, Four b, Four c, Four d) {
  const Four ab = __builtin_shuffle(a, b, FourOrder{0, 4, 2, 6}) + __builtin_shuffle(a, b, FourOrder{1, 5, 3, 7});
  const Four cd = __builtin_shuffle(c, d, FourOrder{0, 4, 2, 6}) + __builtin_shuffle(c, d, FourOrder{1, 5, 3, 7});
  return __builtin_shuffle(ab, cd, FourOrder{0, 1, 4, 5}) + __builtin_shuffle(ab, cd, FourOrder{2, 3, 6, 7});
}

/// The products scale · sign_j · (a_j·x) of `Rows` ≤ 4 rows.
template <int Rows>
[[gnu::always_inline]] inline Four signed_products(const Lanes* even, const Lanes* odd, const PaddedRows& rows,
                                                   const std::uint32_t* wanted, double scale) {
  Four products =
      sums(folded(even[0] + odd[0]), folded(even[1] + odd[1]), folded(even[2] + odd[2]), folded(even[3] + odd[3])) *
      scale;
  if (rows.signs != nullptr) {
    for (int j = 0; j < Rows; ++j) products[j] *= rows.signs[wanted[j]];
  }
  return products;
}

/// Fetches where a row begins: the processor finds the rest of it by itself, and a request for every line of it keeps
/// the load units busier than it helps.
void announce_row(const double* row) {
  __builtin_prefetch(row);
  __builtin_prefetch(row + 8);
}

/// Adds `Rows` rows of `Registers` registers each to a gradient that stays in registers. `ahead` are the rows wanted
/// next: they are fetched on the way.
template <int Rows, int Registers>
[[gnu::always_inline]] inline void add_short_rows(const PaddedRows& rows, const std::uint32_t* wanted,
                                                  const std::uint32_t* ahead, double scale, const double* x,
                                                  Lanes* gradient) {
  const double* a[Rows];
  for (int j = 0; j < Rows; ++j) {
    a[j] = rows.data + wanted[j] * (Registers * kLanes);
    announce_row(rows.data + ahead[j] * (Registers * kLanes));
  }
  Lanes even[4] = {};
  Lanes odd[4] = {};  // a second set of sums keeps the multiply-add units busy over their latency
#pragma GCC unroll 16
  for (int i = 0; i < Registers; ++i) {
    for (int j = 0; j < Rows; ++j) {
      (i % 2 == 0 ? even : odd)[j] += lanes(x + i * kLanes) * lanes(a[j] + i * kLanes);
    }
  }
  const Four products = signed_products<Rows>(even, odd, rows, wanted, scale);
  // The rows are read again: the compiler would rather keep them, and spill to the stack what no register holds.
  asm volatile("" : : : "memory");
#pragma GCC unroll 16
  for (int i = 0; i < Registers; ++i) {
    for (int j = 0; j < Rows; ++j) gradient[i] += products[j] * lanes(a[j] + i * kLanes);
  }
}

/// The rows that follow `done` of one replica: its own, or the first of the next replica; `wanted` where there are not
/// `rows` of them.
const std::uint32_t* rows_ahead(const RowSum* sums, Index replica, Index replicas, Index done, Index rows) {
  const RowSum& own = sums[replica];
  if (done + 2 * rows <= own.count) return own.wanted + done + rows;
  if (replica + 1 < replicas && sums[replica + 1].count >= rows) return sums[replica + 1].wanted;
  return own.wanted + done;
}

template <int Registers>
void short_rows(const PaddedRows& rows, const RowSum* sums, Index replicas, const double* states, Index stride,
                double* gradients) {
  for (Index replica = 0; replica < replicas; ++replica) {
    const auto [wanted, count, scale, accumulate] = sums[replica];
    const double* x = states + replica * stride;
    double* out = gradients + replica * (Registers * kLanes);
    Lanes gradient[Registers] = {};
    if (accumulate) {
#pragma GCC unroll 16
      for (int i = 0; i < Registers; ++i) gradient[i] = lanes(out + i * kLanes);
    }
    Index done = 0;
    for (; done + 4 <= count; done += 4) {
      add_short_rows<4, Registers>(rows, wanted + done, rows_ahead(sums, replica, replicas, done, 4), scale, x,
                                   gradient);
    }
    for (; done < count; ++done) {
      add_short_rows<1, Registers>(rows, wanted + done, rows_ahead(sums, replica, replicas, done, 1), scale, x,
                                   gradient);
    }
#pragma GCC unroll 16
    for (int i = 0; i < Registers; ++i) lanes(out + i * kLanes) = gradient[i];
  }
}

/// Adds `Rows` rows of any length to a gradient in memory. `ahead` are the rows wanted next: they are fetched on the
/// way.
template <int Rows>
void add_long_rows(const PaddedRows& rows, const std::uint32_t* wanted, const std::uint32_t* ahead, double scale,
                   const double* x, double* gradient) {
  const Index length = rows.length;
  const double* a[Rows];
  for (int j = 0; j < Rows; ++j) {
    a[j] = rows.data + wanted[j] * length;
    announce_row(rows.data + ahead[j] * length);
  }
  Lanes even[4] = {};
  Lanes odd[4] = {};
  Index i = 0;
  for (; i + 2 * kLanes <= length; i += 2 * kLanes) {
    for (int j = 0; j < Rows; ++j) {
      even[j] += lanes(x + i) * lanes(a[j] + i);
      odd[j] += lanes(x + i + kLanes) * lanes(a[j] + i + kLanes);
    }
  }
  if (i < length) {
    for (int j = 0; j < Rows; ++j) even[j] += lanes(x + i) * lanes(a[j] + i);
  }
  const Four products = signed_products<Rows>(even, odd, rows, wanted, scale);
  for (i = 0; i < length; i += kLanes) {
    Lanes sum = lanes(gradient + i);
    for (int j = 0; j < Rows; ++j) sum += products[j] * lanes(a[j] + i);
    lanes(gradient + i) = sum;
  }
}

void long_rows(const PaddedRows& rows, const RowSum* sums, Index replicas, const double* states, Index stride,
               double* gradients) {
  for (Index replica = 0; replica < replicas; ++replica) {
    const auto [wanted, count, scale, accumulate] = sums[replica];
    const double* x = states + replica * stride;
    double* gradient = gradients + replica * rows.length;
    if (!accumulate) std::fill(gradient, gradient + rows.length, 0.0);
    Index done = 0;
    for (; done + 4 <= count; done += 4) {
      add_long_rows<4>(rows, wanted + done, rows_ahead(sums, replica, replicas, done, 4), scale, x, gradient);
    }
    for (; done < count; ++done) {
      add_long_rows<1>(rows, wanted + done, rows_ahead(sums, replica, replicas, done, 1), scale, x, gradient);
    }
  }
}

using Kernel = decltype(&long_rows);

template <std::size_t... Registers>
constexpr std::array<Kernel, sizeof...(Registers)> short_kernels(std::index_sequence<Registers...>) {
  return {short_rows<static_cast<int>(Registers) + 1>...};
}

}  // namespace

void add_row_gradients(const PaddedRows& rows, const RowSum* sums, Index replicas, const double* states, Index stride,
                       double* gradients) {
  constexpr auto kernels = short_kernels(std::make_index_sequence<kMostRegisters>());
  const Index registers = rows.length / kLanes;
  const auto kernel =
      registers >= 1 && registers <= kMostRegisters ? kernels[static_cast<std::size_t>(registers - 1)] : long_rows;
  kernel(rows, sums, replicas, states, stride, gradients);
}

}  // namespace brink
