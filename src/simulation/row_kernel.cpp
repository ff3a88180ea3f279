#include "row_kernel.hpp"

#include <algorithm>

namespace brink {
namespace {

/// One register of numbers, at any address.
typedef double Lanes __attribute__((vector_size(kLanes * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef long long LaneOrder __attribute__((vector_size(kLanes * sizeof(double))));

const Lanes& lanes(const double* address) { return *reinterpret_cast<const Lanes*>(address); }
Lanes& lanes(double* address) { return *reinterpret_cast<Lanes*>(address); }

/// The four sums of the lanes of a, b, c and d.
Lanes sums(Lanes a, Lanes b, Lanes c, Lanes d) {
  const Lanes ab = __builtin_shuffle(a, b, LaneOrder{0, 4, 2, 6}) + __builtin_shuffle(a, b, LaneOrder{1, 5, 3, 7});
  const Lanes cd = __builtin_shuffle(c, d, LaneOrder{0, 4, 2, 6}) + __builtin_shuffle(c, d, LaneOrder{1, 5, 3, 7});
  return __builtin_shuffle(ab, cd, LaneOrder{0, 1, 4, 5}) + __builtin_shuffle(ab, cd, LaneOrder{2, 3, 6, 7});
}

/// The products scale · sign_j · (a_j·x) of `Rows` ≤ 4 rows.
template <int Rows>
[[gnu::always_inline]] inline Lanes signed_products(const Lanes* even, const Lanes* odd, const PaddedRows& rows,
                                                    const std::uint32_t* wanted, double scale) {
  Lanes products = sums(even[0] + odd[0], even[1] + odd[1], even[2] + odd[2], even[3] + odd[3]) * scale;
  if (rows.signs != nullptr) {
    for (int j = 0; j < Rows; ++j) products[j] *= rows.signs[wanted[j]];
  }
  return products;
}

/// Adds `Rows` rows of `Registers` registers each to a gradient that stays in registers.
template <int Rows, int Registers>
[[gnu::always_inline]] inline void add_short_rows(const PaddedRows& rows, const std::uint32_t* wanted, double scale,
                                                  const double* x, Lanes* gradient) {
  const double* a[Rows];
  for (int j = 0; j < Rows; ++j) a[j] = rows.data + wanted[j] * (Registers * kLanes);
  Lanes even[4] = {};
  Lanes odd[4] = {};  // a second set of sums keeps the multiply-add units busy over their latency
  for (int j = 0; j < Rows; ++j) {
    even[j] = lanes(x) * lanes(a[j]);
    if constexpr (Registers > 1) odd[j] = lanes(x + kLanes) * lanes(a[j] + kLanes);
  }
#pragma GCC unroll 8
  for (int i = 2; i < Registers; ++i) {
    for (int j = 0; j < Rows; ++j) (i % 2 == 0 ? even : odd)[j] += lanes(x + i * kLanes) * lanes(a[j] + i * kLanes);
  }
  const Lanes products = signed_products<Rows>(even, odd, rows, wanted, scale);
  // The rows are read again: the compiler would rather keep them, and spill to the stack what no register holds.
  asm volatile("" : : : "memory");
#pragma GCC unroll 8
  for (int i = 0; i < Registers; ++i) {
    for (int j = 0; j < Rows; ++j) gradient[i] += products[j] * lanes(a[j] + i * kLanes);
  }
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
#pragma GCC unroll 8
      for (int i = 0; i < Registers; ++i) gradient[i] = lanes(out + i * kLanes);
    }
    Index done = 0;
    for (; done + 4 <= count; done += 4) add_short_rows<4, Registers>(rows, wanted + done, scale, x, gradient);
    for (; done < count; ++done) add_short_rows<1, Registers>(rows, wanted + done, scale, x, gradient);
#pragma GCC unroll 8
    for (int i = 0; i < Registers; ++i) lanes(out + i * kLanes) = gradient[i];
  }
}

/// Adds `Rows` rows of any length to a gradient in memory. `ahead` are rows wanted soon: they are fetched on the way.
template <int Rows>
void add_long_rows(const PaddedRows& rows, const std::uint32_t* wanted, const std::uint32_t* ahead, double scale,
                   const double* x, double* gradient) {
  const Index length = rows.length;
  const double* a[Rows];
  const double* next[Rows];
  for (int j = 0; j < Rows; ++j) {
    a[j] = rows.data + wanted[j] * length;
    next[j] = rows.data + ahead[j] * length;
  }
  Lanes even[4] = {};
  Lanes odd[4] = {};
  Index i = 0;
  for (; i + 2 * kLanes <= length; i += 2 * kLanes) {
    for (int j = 0; j < Rows; ++j) {
      __builtin_prefetch(next[j] + i);
      even[j] += lanes(x + i) * lanes(a[j] + i);
      odd[j] += lanes(x + i + kLanes) * lanes(a[j] + i + kLanes);
    }
  }
  if (i < length) {
    for (int j = 0; j < Rows; ++j) even[j] += lanes(x + i) * lanes(a[j] + i);
  }
  const Lanes products = signed_products<Rows>(even, odd, rows, wanted, scale);
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
      const std::uint32_t* ahead = done + 8 <= count ? wanted + done + 4 : wanted + done;
      add_long_rows<4>(rows, wanted + done, ahead, scale, x, gradient);
    }
    for (; done < count; ++done) add_long_rows<1>(rows, wanted + done, wanted + done, scale, x, gradient);
  }
}

}  // namespace

void add_row_gradients(const PaddedRows& rows, const RowSum* sums, Index replicas, const double* states, Index stride,
                       double* gradients) {
  constexpr decltype(&long_rows) short_kernels[] = {short_rows<1>, short_rows<2>, short_rows<3>, short_rows<4>,
                                                    short_rows<5>, short_rows<6>, short_rows<7>, short_rows<8>};
  const Index registers = rows.length / kLanes;
  const auto kernel = registers >= 1 && registers <= 8 ? short_kernels[registers - 1] : long_rows;
  kernel(rows, sums, replicas, states, stride, gradients);
}

}  // namespace brink
