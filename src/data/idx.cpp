#include "brink/data/idx.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"

namespace brink {
namespace {

constexpr unsigned char kUnsignedByte = 8;
constexpr std::uint64_t kReadAtOnce = 1U << 20;
constexpr std::uint64_t kLargestCompression = 1032;  // of deflate: what a header may claim without lying

/// A file that zlib reads whether it is compressed or not.
class Source {
 public:
  explicit Source(const std::filesystem::path& path) : path_(path), file_(gzopen(path.c_str(), "rb"), &gzclose_r) {
    std::error_code error;
    if (!file_ || !std::filesystem::is_regular_file(path, error)) fail("a file that cannot be opened", "an IDX file");
  }

  [[noreturn]] void fail(std::string_view found, std::string_view allowed) const {
    fail_argument("read_idx", path_.string(), found, allowed);
  }

  [[nodiscard]] std::uint64_t file_bytes() const { return std::filesystem::file_size(path_); }

  /// Reads up to `count` bytes; fewer only at the end of the file.
  std::uint64_t read(std::uint8_t* out, std::uint64_t count) {
    std::uint64_t done = 0;
    while (done < count) {
      const auto wanted = static_cast<unsigned>(std::min(count - done, kReadAtOnce));
      const int got = gzread(file_.get(), out + done, wanted);
      int code = Z_OK;
      const char* const message = gzerror(file_.get(), &code);
      if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        fail(fmt::format("a damaged or truncated gzip file ({})", message), "a complete file");
      }
      if (got == 0) break;
      done += static_cast<std::uint64_t>(got);
    }
    return done;
  }

 private:
  const std::filesystem::path& path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

IdxArray read_idx(const std::filesystem::path& path) {
  Source source(path);
  std::array<std::uint8_t, 4> magic{};
  if (source.read(magic.data(), 4) != 4 || magic[0] != 0 || magic[1] != 0 || magic[3] == 0) {
    source.fail("a file that is not in IDX format", "an IDX file");
  }
  if (magic[2] != kUnsignedByte) source.fail(fmt::format("IDX type {}", magic[2]), "type 8 (unsigned bytes)");

  IdxArray array;
  std::uint64_t bytes = 1;
  for (int axis = 0; axis < magic[3]; ++axis) {
    std::array<std::uint8_t, 4> big_endian{};
    if (source.read(big_endian.data(), 4) != 4) source.fail("a truncated header", "a complete IDX file");
    std::uint64_t extent = 0;
    for (const std::uint8_t byte : big_endian) extent = extent * 256 + byte;
    array.shape.push_back(static_cast<Index>(extent));
    if (extent == 0) source.fail("an empty array", "every extent >= 1");
    if (__builtin_mul_overflow(bytes, extent, &bytes) || bytes / kLargestCompression > source.file_bytes()) {
      source.fail("a header that claims more bytes than the file can hold", "a complete IDX file");
    }
  }
  require_memory(static_cast<double>(bytes), "read_idx: " + path.string());
  array.values.resize(bytes);
  const std::uint64_t present = source.read(array.values.data(), bytes);
  if (present != bytes) {
    source.fail(fmt::format("a truncated file: {} bytes after the header", present), fmt::format("{} bytes", bytes));
  }
  std::uint8_t extra = 0;
  if (source.read(&extra, 1) != 0) source.fail("a file that is too long", fmt::format("{} bytes after it", bytes));
  return array;
}

}  // namespace brink
