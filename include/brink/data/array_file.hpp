#pragma once
// An array by the name of a file, whatever its format: "J.npy", "run.npz:J", "model.safetensors:jacobian",
// "model.pt:layer.weight" (.pth), "run.h5:group/J" (.hdf5). The name after the colon may be left out where the file
// holds one array.

#include <filesystem>
#include <string>

#include "brink/data/npy.hpp"

namespace brink {

/// Whether a name is one of these, whatever the file is.
[[nodiscard]] bool is_array_file(const std::filesystem::path& path);

/// ".npy, .npz, …", for messages and help.
[[nodiscard]] std::string array_extensions();

/// Shape and type, before anything large is allocated. Throws InvalidInput as the reader of the format does, and, where
/// a name is missing, with the names that the file has.
[[nodiscard]] NpyHeader read_array_header(const std::filesystem::path& path);

[[nodiscard]] NpyArray read_array(const std::filesystem::path& path, NonFinite non_finite = NonFinite::refuse);

}  // namespace brink
