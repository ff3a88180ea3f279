#pragma once
// NumPy's .npz: a ZIP archive of .npy members, as numpy.savez and numpy.savez_compressed write it.

#include <string>
#include <utility>
#include <vector>

#include "brink/data/npy.hpp"

namespace brink {

/// The names of the arrays (members without their ".npy"), in the order of the file. Throws InvalidInput for what is no
/// such archive.
[[nodiscard]] std::vector<std::string> npz_names(const std::filesystem::path& path);

/// One array of an archive. Throws InvalidInput for a name that is not in it (with those that are), and for everything
/// that read_npy and read_zip_member refuse. Arrays of Python objects are refused: reading them would run a program.
[[nodiscard]] NpyArray read_npz(const std::filesystem::path& path, const std::string& name,
                                NonFinite non_finite = NonFinite::refuse);

/// Its header alone. The member is read whole: it may be compressed.
[[nodiscard]] NpyHeader read_npz_header(const std::filesystem::path& path, const std::string& name);

/// An array to be written: the product of `shape` numbers, C order.
struct NpzArray {
  std::string name;
  std::vector<Index> shape;
  const double* values = nullptr;
};

/// Writes an archive, compressed or stored, whole or not at all. The bytes are a function of the arrays.
void write_npz(const std::filesystem::path& path, const std::vector<NpzArray>& arrays, bool compressed = false);

}  // namespace brink
