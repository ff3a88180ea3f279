#pragma once
// Rows where the inner loop reads them: padded to whole registers, in memory that few pages hold.

#include <cstdlib>
#include <memory>

#include "row_kernel.hpp"

namespace brink {

/// A copy of rows, each padded with zeros to padded_length(columns). Steps read rows at random places: in pages of 4 kB
/// every row is a page of its own to find, so large copies ask the system for large pages (Linux; a request that it may
/// refuse). Throws std::bad_alloc.
class RowStore {
 public:
  RowStore() = default;
  explicit RowStore(const RowMatrix& rows);

  [[nodiscard]] const double* data() const { return data_.get(); }
  [[nodiscard]] Index length() const { return length_; }

 private:
  struct Free {
    void operator()(double* memory) const { std::free(memory); }
  };
  std::unique_ptr<double, Free> data_;
  Index length_ = 0;
};

}  // namespace brink
