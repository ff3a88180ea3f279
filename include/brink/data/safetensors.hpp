#pragma once
// The safetensors format: eight bytes of length, a JSON header, and the numbers. Nothing in it can run.

#include <string>
#include <vector>

#include "brink/data/npy.hpp"

namespace brink {

struct SafetensorsEntry {
  std::string name;
  std::string type;  ///< "F32", "BF16", …
  std::vector<Index> shape;
  std::uint64_t begin = 0;  ///< of its bytes, from the beginning of the file
  std::uint64_t end = 0;
};

/// The tensors of a file, sorted by name. Throws InvalidInput, naming the file and what is wrong, unless the header
/// fits the file: lengths agree with shape and type to the byte, and tensors fill the file without gap or overlap.
[[nodiscard]] std::vector<SafetensorsEntry> read_safetensors_header(const std::filesystem::path& path);

/// Shape, type and place of one tensor, as read_safetensors would read it. The entries are those of the file.
[[nodiscard]] NpyHeader safetensors_header(const std::filesystem::path& path,
                                           const std::vector<SafetensorsEntry>& entries, const std::string& name);

/// One tensor, promoted to double: F64, F32, F16, BF16, I8 … I64, U8 … U64, BOOL. The last axis is the column, as in
/// NpyArray. Throws InvalidInput for a name that is not there, another type, an empty tensor, entries that are not
/// finite (unless told to keep them), or want of memory.
[[nodiscard]] NpyArray read_safetensors(const std::filesystem::path& path, const std::string& name,
                                        NonFinite non_finite = NonFinite::refuse);

}  // namespace brink
