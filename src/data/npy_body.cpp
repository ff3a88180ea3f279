#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/data/npy.hpp"

namespace brink {
namespace {

constexpr std::size_t kChunk = 1U << 16;  // numbers decoded at a time

double from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  double magnitude = 0;
  if (exponent == 31) {
    magnitude = mantissa == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    magnitude = std::ldexp(mantissa, -24);
  } else {
    magnitude = std::ldexp(1024 + mantissa, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

/// Decodes `count` numbers of type Number; `convert` makes a double of one.
template <class Number, class Convert>
void decode(const char* bytes, std::size_t count, bool swap, double* out, Convert convert) {
  for (std::size_t i = 0; i < count; ++i) {
    char one[sizeof(Number)];
    std::memcpy(one, bytes + i * sizeof(Number), sizeof(Number));
    if (swap) std::reverse(one, one + sizeof(Number));
    Number number;
    std::memcpy(&number, one, sizeof(Number));
    out[i] = convert(number);
  }
}

void decode(const std::string& type, const char* bytes, std::size_t count, double* out) {
  const bool swap = type[0] == (std::endian::native == std::endian::little ? '>' : '<');
  const auto plain = [](auto number) { return static_cast<double>(number); };
  const std::string name = type.substr(1);
  if (name == "f8") return decode<double>(bytes, count, swap, out, plain);
  if (name == "f4") return decode<float>(bytes, count, swap, out, plain);
  if (name == "f2") return decode<std::uint16_t>(bytes, count, swap, out, from_half);
  if (name == "i8") return decode<std::int64_t>(bytes, count, swap, out, plain);
  if (name == "i4") return decode<std::int32_t>(bytes, count, swap, out, plain);
  if (name == "i2") return decode<std::int16_t>(bytes, count, swap, out, plain);
  if (name == "i1") return decode<std::int8_t>(bytes, count, swap, out, plain);
  if (name == "u8") return decode<std::uint64_t>(bytes, count, swap, out, plain);
  if (name == "u4") return decode<std::uint32_t>(bytes, count, swap, out, plain);
  if (name == "u2") return decode<std::uint16_t>(bytes, count, swap, out, plain);
  if (name == "u1") return decode<std::uint8_t>(bytes, count, swap, out, plain);
  decode<std::uint8_t>(bytes, count, swap, out, [](std::uint8_t truth) { return truth != 0 ? 1.0 : 0.0; });
}

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

NpyArray read_npy(const std::filesystem::path& path, NonFinite non_finite) {
  NpyArray array;
  array.header = read_npy_header(path);
  const NpyHeader& header = array.header;
  const Index count = header.size();
  require_memory(8.0 * static_cast<double>(count), "read_npy: " + path.string());
  const Index columns = header.shape.empty() ? 1 : header.shape.back();
  array.values.resize(count / columns, columns);

  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(header.body_offset));
  const std::size_t bytes_each = header.body_bytes / static_cast<std::uint64_t>(count);
  std::vector<char> bytes(kChunk * bytes_each);
  std::vector<double> numbers(kChunk);
  FortranCursor cursor(header.shape);
  for (Index done = 0; done < count;) {
    const auto chunk = static_cast<std::size_t>(std::min<Index>(kChunk, count - done));
    in.read(bytes.data(), static_cast<std::streamsize>(chunk * bytes_each));
    if (!in) fail_argument("read_npy", path.string(), "a file that changed while it was read", "a complete .npy file");
    decode(header.type, bytes.data(), chunk, numbers.data());
    if (header.fortran_order) {
      for (std::size_t i = 0; i < chunk; ++i, cursor.advance()) array.values.data()[cursor.position()] = numbers[i];
    } else {
      std::copy_n(numbers.data(), chunk, array.values.data() + done);
    }
    done += static_cast<Index>(chunk);
  }
  if (non_finite == NonFinite::refuse) {
    if (const auto bad = first_non_finite(array)) {
      fail_argument("read_npy", fmt::format("{}[{}]", path.string(), fmt::join(bad->index, ", ")), bad->value,
                    "a finite number");
    }
  }
  return array;
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

void write_npy(const std::filesystem::path& path, const std::vector<Index>& shape, const double* values) {
  Index count = 1;
  for (const Index extent : shape) count *= extent;
  std::string dictionary = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': {}, }}", shape_text(shape));
  // The numbers start at a multiple of 64 bytes, so that the file can be mapped into memory.
  dictionary.append(63 - (10 + dictionary.size()) % 64, ' ');
  dictionary.push_back('\n');
  const auto length = static_cast<std::uint16_t>(dictionary.size());

  std::filesystem::path temporary = path;
  temporary += ".partial";
  std::error_code ignored;
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out.write("\x93NUMPY\x01\x00", 8);
    out.put(static_cast<char>(length & 255)).put(static_cast<char>(length >> 8));
    out << dictionary;
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
