#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/data/npy.hpp"
#include "number_decoding.hpp"

namespace brink {
namespace {

constexpr std::size_t kNumbersAtOnce = 1U << 16;  // numbers decoded at a time

/// Walks the entries in Fortran order (first axis fastest) and knows where each lies in C order.
class FortranCursor {
 public:
  explicit FortranCursor(const std::vector<Index>& shape) : shape_(shape), index_(shape.size(), 0), stride_(index_) {
    Index stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      stride_[axis] = stride;
      stride *= shape[axis];
    }
  }
  [[nodiscard]] Index position() const { return position_; }
  void advance() {
    for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
      position_ += stride_[axis];
      if (++index_[axis] < shape_[axis]) return;
      position_ -= stride_[axis] * shape_[axis];
      index_[axis] = 0;
    }
  }

 private:
  const std::vector<Index>& shape_;
  std::vector<Index> index_;
  std::vector<Index> stride_;
  Index position_ = 0;
};

}  // namespace

NpyArray read_npy(std::istream& in, std::uint64_t size, const std::filesystem::path& path, NonFinite non_finite) {
  NpyArray array;
  array.header = read_npy_header(in, size, path);
  const NpyHeader& header = array.header;
  const Index count = header.size();
  require_memory(8.0 * static_cast<double>(count), "read_npy: " + path.string());
  const Index columns = header.shape.empty() ? 1 : header.shape.back();
  array.values.resize(count / columns, columns);

  const std::size_t bytes_each = header.body_bytes / static_cast<std::uint64_t>(count);
  const std::size_t at_once = std::min(kNumbersAtOnce, static_cast<std::size_t>(count));
  std::vector<char> bytes(at_once * bytes_each);
  std::vector<double> numbers(at_once);
  FortranCursor cursor(header.shape);
  for (Index done = 0; done < count;) {
    const std::size_t chunk = std::min(at_once, static_cast<std::size_t>(count - done));
    in.read(bytes.data(), static_cast<std::streamsize>(chunk * bytes_each));
    if (!in) fail_argument("read_npy", path.string(), "a file that changed while it was read", "a complete .npy file");
    decode_numbers(header.type, bytes.data(), chunk, numbers.data());
    if (header.fortran_order) {
      for (std::size_t i = 0; i < chunk; ++i, cursor.advance()) array.values.data()[cursor.position()] = numbers[i];
    } else {
      std::copy_n(numbers.data(), chunk, array.values.data() + done);
    }
    done += static_cast<Index>(chunk);
  }
  if (non_finite == NonFinite::refuse) check_finite(array, "read_npy", path.string());
  return array;
}

NpyArray read_npy(const std::filesystem::path& path, NonFinite non_finite) {
  const NpyHeader header = read_npy_header(path);
  std::ifstream in(path, std::ios::binary);
  return read_npy(in, header.body_offset + header.body_bytes, path, non_finite);
}

std::optional<NonFiniteEntry> first_non_finite(const NpyArray& array) {
  const double* const begin = array.values.data();
  const double* const end = begin + array.values.size();
  const double* const bad = std::find_if(begin, end, [](double value) { return !std::isfinite(value); });
  if (bad == end) return std::nullopt;
  NonFiniteEntry entry{std::vector<Index>(array.header.shape.size()), *bad};
  Index position = bad - begin;
  for (std::size_t axis = entry.index.size(); axis-- > 0;) {
    entry.index[axis] = position % array.header.shape[axis];
    position /= array.header.shape[axis];
  }
  return entry;
}

void check_finite(const NpyArray& array, const char* reader, const std::string& name) {
  if (const auto bad = first_non_finite(array))
    fail_argument(reader, fmt::format("{}[{}]", name, fmt::join(bad->index, ", ")), bad->value, "a finite number");
}

std::string npy_header_bytes(const std::vector<Index>& shape) {
  std::string dictionary = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': {}, }}", shape_text(shape));
  // The numbers start at a multiple of 64 bytes, so that the file can be mapped into memory.
  dictionary.append(63 - (10 + dictionary.size()) % 64, ' ');
  dictionary.push_back('\n');
  const auto length = static_cast<std::uint16_t>(dictionary.size());
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(length & 255);
  bytes += static_cast<char>(length >> 8);
  return bytes + dictionary;
}

void write_npy(const std::filesystem::path& path, const std::vector<Index>& shape, const double* values) {
  Index count = 1;
  for (const Index extent : shape) count *= extent;
  std::filesystem::path temporary = path;
  temporary += ".partial";
  std::error_code ignored;
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << npy_header_bytes(shape);
    static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");
    out.write(reinterpret_cast<const char*>(values), static_cast<std::streamsize>(count) * 8);
    out.close();
    if (!out) {
      std::filesystem::remove(temporary, ignored);
      fail_argument("write_npy", path.string(), "a file that cannot be written",
                    "a writable directory with room for the array");
    }
  }
  std::error_code failed;
  std::filesystem::rename(temporary, path, failed);
  if (failed) {
    std::filesystem::remove(temporary, ignored);
    fail_argument("write_npy", path.string(), failed.message(), "a name that can be written");
  }
}

void write_npy(const std::filesystem::path& path, const RowMatrix& values) {
  write_npy(path, {values.rows(), values.cols()}, values.data());
}

}  // namespace brink
