#include "row_kernel.hpp"

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

/// Adds `Rows` ≤ 4 rows. `Registers` is the length of a row in registers when it is known (short rows unroll
/// completely), 0 otherwise; `next` are the rows of the next call, fetched ahead when rows are long.
template <int Rows, int Registers>
void add_rows(const PaddedRows& rows, const std::uint32_t* wanted, Index next, double scale, const double* x,
              double* gradient) {
  const Index length = Registers != 0 ? Registers * kLanes : rows.length;
  const double* a[Rows];
  for (int j = 0; j < Rows; ++j) a[j] = rows.data + wanted[j] * length;

  Lanes even[4] = {};
  Lanes odd[4] = {};  // a second set of sums keeps the multiply-add units busy over their latency
  Index i = 0;
  if constexpr (Registers == 0) {
    const double* ahead[Rows];
    for (int j = 0; j < Rows; ++j) ahead[j] = rows.data + wanted[j < next ? Rows + j : j] * length;
    for (; i + 2 * kLanes <= length; i += 2 * kLanes) {
      for (int j = 0; j < Rows; ++j) {
        __builtin_prefetch(ahead[j] + i);
        even[j] += lanes(x + i) * lanes(a[j] + i);
        odd[j] += lanes(x + i + kLanes) * lanes(a[j] + i + kLanes);
      }
    }
  } else {
#pragma GCC unroll 8
    for (; i + 2 * kLanes <= length; i += 2 * kLanes) {
      for (int j = 0; j < Rows; ++j) {
        even[j] += lanes(x + i) * lanes(a[j] + i);
        odd[j] += lanes(x + i + kLanes) * lanes(a[j] + i + kLanes);
      }
    }
  }
  if (i < length) {
    for (int j = 0; j < Rows; ++j) even[j] += lanes(x + i) * lanes(a[j] + i);
  }
  Lanes products = sums(even[0] + odd[0], even[1] + odd[1], even[2] + odd[2], even[3] + odd[3]) * scale;
  if (rows.signs != nullptr) {
    for (int j = 0; j < Rows; ++j) products[j] *= rows.signs[wanted[j]];
  }
#pragma GCC unroll 8
  for (i = 0; i < length; i += kLanes) {
    Lanes sum = lanes(gradient + i);
    for (int j = 0; j < Rows; ++j) sum += products[j] * lanes(a[j] + i);
    lanes(gradient + i) = sum;
  }
}

template <int Registers>
void add_all(const PaddedRows& rows, const std::uint32_t* wanted, Index count, double scale, const double* x,
             double* gradient) {
  Index done = 0;
  for (; done + 4 <= count; done += 4) {
    add_rows<4, Registers>(rows, wanted + done, count - done - 4, scale, x, gradient);
  }
  switch (count - done) {
    case 3:
      return add_rows<3, Registers>(rows, wanted + done, 0, scale, x, gradient);
    case 2:
      return add_rows<2, Registers>(rows, wanted + done, 0, scale, x, gradient);
    case 1:
      return add_rows<1, Registers>(rows, wanted + done, 0, scale, x, gradient);
    default:
      return;
  }
}

}  // namespace

void add_row_gradients(const PaddedRows& rows, const std::uint32_t* rows_wanted, Index count, double scale,
                       const double* x, double* gradient) {
  switch (rows.length / kLanes) {
    case 1:
      return add_all<1>(rows, rows_wanted, count, scale, x, gradient);
    case 2:
      return add_all<2>(rows, rows_wanted, count, scale, x, gradient);
    case 3:
      return add_all<3>(rows, rows_wanted, count, scale, x, gradient);
    case 4:
      return add_all<4>(rows, rows_wanted, count, scale, x, gradient);
    case 5:
      return add_all<5>(rows, rows_wanted, count, scale, x, gradient);
    case 6:
      return add_all<6>(rows, rows_wanted, count, scale, x, gradient);
    case 7:
      return add_all<7>(rows, rows_wanted, count, scale, x, gradient);
    case 8:
      return add_all<8>(rows, rows_wanted, count, scale, x, gradient);
    default:
      return add_all<0>(rows, rows_wanted, count, scale, x, gradient);
  }
}

}  // namespace brink
