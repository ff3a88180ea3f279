#include "row_store.hpp"

#include <algorithm>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace brink {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kLargePage = std::size_t{2} << 20;
constexpr std::size_t kWorthAPage = kLargePage / 8;  ///< smaller copies fit the first level of the page tables' cache

}  // namespace

RowStore::RowStore(const RowMatrix& rows) : length_(padded_length(rows.cols())) {
  const auto size = std::max<std::size_t>(1, static_cast<std::size_t>(rows.rows() * length_) * sizeof(double));
  const std::size_t unit = size < kWorthAPage ? kLine : kLargePage;
  const std::size_t whole = (size + unit - 1) / unit * unit;
  data_.reset(static_cast<double*>(std::aligned_alloc(unit, whole)));
  if (!data_) throw std::bad_alloc();
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (unit == kLargePage) (void)::madvise(data_.get(), whole, MADV_HUGEPAGE);
#endif
  Eigen::Map<RowMatrix> copy(data_.get(), rows.rows(), length_);
  copy.setZero();
  copy.leftCols(rows.cols()) = rows;
}

}  // namespace brink
