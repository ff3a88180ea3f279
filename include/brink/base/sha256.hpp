#pragma once
// The fingerprint of a file, to tell whether it is still the one that was registered.

#include <string>
#include <string_view>

namespace brink {

/// SHA-256 [FIPS 180-4] of the bytes, as 64 hexadecimal digits. O(size).
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace brink
