#pragma once
// Arrays of bytes in the IDX format of MNIST (LeCun, Cortes & Burges 1998), plain or compressed by gzip.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

struct IdxArray {
  std::vector<Index> shape;          ///< every extent ≥ 1
  std::vector<std::uint8_t> values;  ///< C order
};

/// Reads an IDX array of unsigned bytes. Throws InvalidInput, naming the file, what was found and what is allowed, for
/// a file that is missing, damaged, truncated, too long, of another type, or too large for the memory.
[[nodiscard]] IdxArray read_idx(const std::filesystem::path& path);

}  // namespace brink
