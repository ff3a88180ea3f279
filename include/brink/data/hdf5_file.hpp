#pragma once
// Data sets of HDF5 files (.h5, .hdf5), as h5py, MATLAB (-v7.3) and most languages write them, through libhdf5.
//
// A file can run nothing and open no other file: plug-ins are switched off, and external files, virtual data sets,
// links that are not hard, and filters other than deflate, shuffle and fletcher32 are refused. libhdf5 crashes on some
// damaged files, and is not safe for threads: it runs in a child process of its own, whose end is a refusal.

#include <string>
#include <vector>

#include "brink/data/npy.hpp"

namespace brink {

/// Paths of the data sets, "group/J", in alphabetical order within a group; one that has several names is there once.
/// Throws InvalidInput for what is no HDF5 file or has none.
[[nodiscard]] std::vector<std::string> hdf5_names(const std::filesystem::path& path);

/// Shape and type of a data set of real numbers: IEEE float32 and float64, integers of 1 to 8 bytes, either byte order.
/// Throws InvalidInput, naming the file, the data set, what was found and what is allowed, for a path that leads to no
/// data set (with those there are), another type, what the top of this file says is refused, and an extent that the
/// stored bytes cannot fill: as many bytes as the shape takes, or 1/1032 of them where they are deflated.
[[nodiscard]] NpyHeader read_hdf5_header(const std::filesystem::path& path, const std::string& name);

/// The data set, promoted to double. The last axis is the column, as in NpyArray. Besides the errors of the header,
/// throws InvalidInput for damaged numbers, entries that are not finite (unless told to keep them), or want of memory.
[[nodiscard]] NpyArray read_hdf5(const std::filesystem::path& path, const std::string& name,
                                 NonFinite non_finite = NonFinite::refuse);

}  // namespace brink
