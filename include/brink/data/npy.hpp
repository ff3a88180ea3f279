#pragma once
// Arrays in NumPy's .npy format (NEP 1; versions 1, 2 and 3), promoted to double.
//
// The header is read apart from the body, so that a caller knows the shape, and can refuse what would not fit in
// memory, before anything large is allocated. The size of the file must agree with the header to the byte: a truncated
// or lying file never becomes an array.

#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

struct NpyHeader {
  std::vector<Index> shape;  ///< every extent ≥ 1; empty for a scalar
  std::string type;          ///< as the file names it, e.g. "<f4"
  bool fortran_order = false;
  double epsilon = 0;             ///< machine epsilon of the type: of float16, float32, else of double
  int version = 0;                ///< of .npy; 0 for an array of another format
  std::uint64_t body_offset = 0;  ///< bytes before the numbers
  std::uint64_t body_bytes = 0;

  [[nodiscard]] Index size() const;  ///< number of entries
};

/// An array whose last axis is the column and whose other axes are merged, slowest first, into the row: (n, c, p)
/// becomes (n·c) × p, (p) becomes 1 × p. The order of the file does not matter.
struct NpyArray {
  NpyHeader header;
  RowMatrix values;
};

/// An entry that is NaN or infinite.
struct NonFiniteEntry {
  std::vector<Index> index;
  double value = 0;
};

/// "(256, 10, 784)".
[[nodiscard]] std::string shape_text(const std::vector<Index>& shape);

/// Reads and checks the header. Real types of either byte order are allowed: float16, float32, float64, integers of 1
/// to 8 bytes, bool. Throws InvalidInput, naming the file, what was found and what is allowed, for a file that is not
/// .npy, another type, an empty or overflowing shape, or a size that does not match the file.
[[nodiscard]] NpyHeader read_npy_header(const std::filesystem::path& path);

/// The same of bytes that lie elsewhere: `size` bytes of a stream, which messages call `name`.
[[nodiscard]] NpyHeader read_npy_header(std::istream& in, std::uint64_t size, const std::filesystem::path& name);

/// Whether entries that are NaN or infinite are an error.
enum class NonFinite { refuse, keep };

/// Reads the array. Besides the errors of the header, throws InvalidInput naming the first entry that is not finite
/// (unless told to keep them), and when the array would not fit in memory.
[[nodiscard]] NpyArray read_npy(const std::filesystem::path& path, NonFinite non_finite = NonFinite::refuse);

/// The same of `size` bytes of a stream.
[[nodiscard]] NpyArray read_npy(std::istream& in, std::uint64_t size, const std::filesystem::path& name,
                                NonFinite non_finite = NonFinite::refuse);

/// The first entry in C order that is NaN or infinite.
[[nodiscard]] std::optional<NonFiniteEntry> first_non_finite(const NpyArray& array);

/// Throws InvalidInput, in the name of `reader`, for an entry of the array called `name` that is not finite.
void check_finite(const NpyArray& array, const char* reader, const std::string& name);

/// Writes float64 in C order, version 1.0. `values` holds the product of `shape` numbers. The file appears under its
/// name only when it is complete (temporary file, then rename); throws InvalidInput when it cannot be written.
void write_npy(const std::filesystem::path& path, const std::vector<Index>& shape, const double* values);
void write_npy(const std::filesystem::path& path, const RowMatrix& values);

/// Magic, version and header of what write_npy writes: the numbers follow.
[[nodiscard]] std::string npy_header_bytes(const std::vector<Index>& shape);

}  // namespace brink
