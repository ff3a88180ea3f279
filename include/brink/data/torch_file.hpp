#pragma once
// Tensors of what torch.save writes since PyTorch 1.6 (.pt, .pth): a ZIP archive of a pickle and the numbers.
//
// torch.load runs the pickle, and a pickle may run anything. Here it is read as data (src/data/pickle.hpp): tensors in
// dictionaries, lists and tuples, state_dicts among them; a file with any other Python object is refused with its name.

#include <string>
#include <vector>

#include "brink/data/npy.hpp"

namespace brink {

/// A tensor is a view of a storage: entry (i, j, …) is number offset + i·strides[0] + j·strides[1] + … of it.
struct TorchTensor {
  std::string name;     ///< keys and positions on the way to it, joined by "."; empty for a tensor saved by itself
  std::string type;     ///< "FloatStorage", …
  std::string storage;  ///< the member of the archive that holds the numbers
  std::vector<Index> shape;
  std::vector<Index> strides;
  Index offset = 0;

  [[nodiscard]] Index size() const;  ///< number of entries; 0 where an extent is 0
};

/// The tensors of a file, in its order, without their numbers. Throws InvalidInput, naming the file, what was found and
/// what is allowed, for what is no such archive, for a file of PyTorch before 1.6, one with big-endian numbers or with
/// Python objects other than those above, and for a tensor that reaches outside of its storage or repeats the numbers
/// of a small storage (expand) more than a million times.
[[nodiscard]] std::vector<TorchTensor> read_torch_header(const std::filesystem::path& path);

/// Shape and type of one of them, as read_torch would read it.
[[nodiscard]] NpyHeader torch_header(const std::filesystem::path& path, const std::vector<TorchTensor>& tensors,
                                     const std::string& name);

/// One tensor, promoted to double: float64, float32, float16, bfloat16, int8 to int64, uint8, bool; transposed, sliced
/// and expanded ones as they index. The last axis is the column, as in NpyArray. Throws InvalidInput for a name that is
/// not there, an empty tensor, damaged numbers, entries that are not finite (unless told to keep them), or want of
/// memory.
[[nodiscard]] NpyArray read_torch(const std::filesystem::path& path, const std::string& name,
                                  NonFinite non_finite = NonFinite::refuse);

}  // namespace brink
