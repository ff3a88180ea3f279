#pragma once
// Files that exist whole or not at all.

#include <filesystem>
#include <string>
#include <string_view>

namespace brink {

/// Writes `content` under a temporary name in the same directory, flushes it to the disk, and renames it to `path`. A
/// reader sees the old file or the new one, never a part. Throws InvalidInput with the path and the system's reason (no
/// space, no permission, …), and leaves neither the temporary file nor a changed `path`.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// The whole file; throws InvalidInput with the path and the system's reason.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace brink
