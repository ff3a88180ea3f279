#pragma once
// The part of the ZIP format that NumPy's .npz uses: stored and deflated members, zip64, no encryption.
//
// The directory at the end of the file is read first, and every size in it is checked against the file before anything
// is allocated; a member is inflated to the size that the directory states and not one byte more, and its CRC must
// agree.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace brink {

struct ZipMember {
  std::string name;
  std::uint64_t size = 0;             ///< of its content
  std::uint64_t compressed_size = 0;  ///< in the file
  std::uint64_t header_offset = 0;
  std::uint32_t crc = 0;
  bool deflated = false;
};

/// The members, in the order of the directory. Throws InvalidInput, naming the file, for one that is no ZIP archive,
/// whose directory contradicts its size, or that is encrypted, split over several files or compressed in another way;
/// and for two members of one name.
[[nodiscard]] std::vector<ZipMember> read_zip_directory(const std::filesystem::path& path);

/// The content of a member, at most `most` bytes. Throws InvalidInput where it is longer, damaged, or would not fit in
/// memory.
[[nodiscard]] std::string read_zip_member(const std::filesystem::path& path, const ZipMember& member,
                                          std::uint64_t most = std::uint64_t{1} << 40);

struct ZipContent {
  std::string name;
  std::string bytes;
};

/// Writes an archive of stored or deflated members (zip64 where a size needs it), whole or not at all.
void write_zip(const std::filesystem::path& path, const std::vector<ZipContent>& members, bool deflated);

}  // namespace brink
