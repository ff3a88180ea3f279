#pragma once
// What reading and writing a ZIP archive share: signatures, the values that stand for "see the 64-bit field", the CRC.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace brink::zip {

constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::uint32_t kCentral = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::uint32_t kLarge32 = 0xffffffff;
constexpr std::uint16_t kLarge16 = 0xffff;
constexpr std::uint16_t kExtra64 = 1;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

[[nodiscard]] std::uint32_t crc_of(std::string_view bytes);

}  // namespace brink::zip
