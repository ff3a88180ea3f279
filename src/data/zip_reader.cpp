#include "brink/data/zip_archive.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <set>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "zip_format.hpp"

namespace brink {

using namespace zip;

namespace {

constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint64_t kLongestDirectory = 64U << 20;
constexpr std::uint16_t kEncrypted = 1;

[[noreturn]] void fail_zip(const std::filesystem::path& path, const std::string& found, const std::string& allowed) {
  fail_argument("read_zip", path.string(), found, allowed);
}

/// Little-endian numbers of a stretch of bytes; reading past its end is an error of the file.
class Fields {
 public:
  Fields(std::string_view bytes, const std::filesystem::path& path) : bytes_(bytes), path_(path) {}

  std::uint64_t take(std::size_t size) {
    if (bytes_.size() - at_ < size)
      fail_zip(path_, "an archive that ends in the middle of its directory", "a complete one");
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    at_ += size;
    return value;
  }
  std::uint16_t two() { return static_cast<std::uint16_t>(take(2)); }
  std::uint32_t four() { return static_cast<std::uint32_t>(take(4)); }
  std::uint64_t eight() { return take(8); }
  std::string_view text(std::size_t size) {
    if (bytes_.size() - at_ < size)
      fail_zip(path_, "an archive that ends in the middle of its directory", "a complete one");
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  void skip(std::size_t size) { (void)text(size); }
  [[nodiscard]] bool done() const { return at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  const std::filesystem::path& path_;
  std::size_t at_ = 0;
};

std::uint64_t size_of_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) fail_zip(path, "no regular file", "a ZIP archive");
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) fail_zip(path, error.message(), "a readable file");
  return size;
}

std::string bytes_at(std::ifstream& in, const std::filesystem::path& path, std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!in) fail_zip(path, "a file that cannot be read to its end", "a complete archive");
  return bytes;
}

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

Directory find_directory(std::ifstream& in, const std::filesystem::path& path, std::uint64_t size) {
  if (size < kEndBytes) fail_zip(path, fmt::format("a file of {} bytes", size), "a ZIP archive");
  const std::uint64_t tail_size = std::min<std::uint64_t>(size, kEndBytes + kLongestComment);
  const std::string tail = bytes_at(in, path, size - tail_size, tail_size);
  // The last signature whose comment reaches exactly to the end of the file.
  for (std::size_t at = tail.size() - kEndBytes + 1; at-- > 0;) {
    if (tail.compare(at, 4, "PK\x05\x06") != 0) continue;
    Fields fields(std::string_view(tail).substr(at, kEndBytes), path);
    fields.skip(4);
    const std::uint16_t disk = fields.two();
    const std::uint16_t first_disk = fields.two();
    fields.skip(2);
    Directory directory;
    directory.entries = fields.two();
    directory.size = fields.four();
    directory.offset = fields.four();
    if (at + kEndBytes + fields.two() != tail.size()) continue;
    if ((disk != 0 && disk != kLarge16) || (first_disk != 0 && first_disk != kLarge16))
      fail_zip(path, "an archive split over several files", "one file");
    const std::uint64_t end = size - tail_size + at;
    const bool is_large = directory.entries == kLarge16 || directory.size == kLarge32 || directory.offset == kLarge32;
    if (is_large && end >= kLocatorBytes) {
      const std::string locator_bytes = bytes_at(in, path, end - kLocatorBytes, kLocatorBytes);
      Fields locator(locator_bytes, path);
      if (locator.four() == kLocator64) {
        locator.skip(4);
        const std::uint64_t at64 = locator.eight();
        if (at64 > size || size - at64 < kEnd64Bytes) fail_zip(path, "a directory outside of the file", "one inside");
        const std::string end_bytes = bytes_at(in, path, at64, kEnd64Bytes);
        Fields end64(end_bytes, path);
        if (end64.four() != kEnd64) fail_zip(path, "a zip64 directory without its mark", "a ZIP archive");
        end64.skip(8 + 2 + 2 + 4 + 4 + 8);
        directory.entries = end64.eight();
        directory.size = end64.eight();
        directory.offset = end64.eight();
      }
    }
    if (directory.offset > end || directory.size > end - directory.offset)
      fail_zip(path, "a directory outside of the file", "one inside");
    if (directory.size > kLongestDirectory || directory.entries > directory.size / kCentralBytes)
      fail_zip(path, fmt::format("a directory of {} bytes for {} members", directory.size, directory.entries),
               "at least 46 bytes a member, 64 MB in all");
    return directory;
  }
  fail_zip(path, "a file without the directory of an archive", "a ZIP archive");
}

void read_extra64(std::string_view extra, ZipMember& member, const std::filesystem::path& path) {
  Fields fields(extra, path);
  while (!fields.done()) {
    const std::uint16_t kind = fields.two();
    const std::string_view body = fields.text(fields.two());
    if (kind != kExtra64) continue;
    Fields large(body, path);
    if (member.size == kLarge32) member.size = large.eight();
    if (member.compressed_size == kLarge32) member.compressed_size = large.eight();
    if (member.header_offset == kLarge32) member.header_offset = large.eight();
  }
}

ZipMember read_member_entry(Fields& fields, const std::filesystem::path& path, std::uint64_t size) {
  if (fields.four() != kCentral) fail_zip(path, "a directory with a damaged member", "a ZIP archive");
  fields.skip(4);
  const std::uint16_t flags = fields.two();
  const std::uint16_t method = fields.two();
  fields.skip(4);
  ZipMember member;
  member.crc = fields.four();
  member.compressed_size = fields.four();
  member.size = fields.four();
  const std::uint16_t name_size = fields.two();
  const std::uint16_t extra_size = fields.two();
  const std::uint16_t comment_size = fields.two();
  fields.skip(2 + 2 + 4);
  member.header_offset = fields.four();
  member.name = fields.text(name_size);
  read_extra64(fields.text(extra_size), member, path);
  fields.skip(comment_size);
  const std::string named = fmt::format("{}: {}", path.string(), member.name);
  if ((flags & kEncrypted) != 0) fail_zip(named, "an encrypted member", "one without a password");
  if (method != kStored && method != kDeflated)
    fail_zip(named, fmt::format("compression method {}", method), "stored (0) or deflated (8)");
  member.deflated = method == kDeflated;
  if (member.header_offset > size || member.compressed_size > size - member.header_offset)
    fail_zip(named, fmt::format("{} bytes at {}", member.compressed_size, member.header_offset),
             fmt::format("a member inside the {} bytes of the file", size));
  if (!member.deflated && member.compressed_size != member.size)
    fail_zip(named, fmt::format("{} stored bytes for {}", member.compressed_size, member.size), "as many");
  // Deflate makes at most about 1032 bytes of one.
  if (member.deflated && member.size / 1032 > member.compressed_size + 16)
    fail_zip(named, fmt::format("{} bytes from {} deflated ones", member.size, member.compressed_size),
             "a size that deflate can reach");
  return member;
}

std::string inflated(const std::string& compressed, std::uint64_t size, const std::string& named) {
  std::string content(size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail_zip(named, "a decompressor that does not start", "enough memory");
  constexpr std::uint64_t kChunk = std::numeric_limits<uInt>::max() / 2;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const auto give = static_cast<uInt>(std::min<std::uint64_t>(kChunk, compressed.size() - in));
    const auto room = static_cast<uInt>(std::min<std::uint64_t>(kChunk, content.size() - out));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data() + in));
    stream.avail_in = give;
    char spare = 0;  // a place for one byte too many, which must not come
    stream.next_out = reinterpret_cast<Bytef*>(room > 0 ? content.data() + out : &spare);
    stream.avail_out = room > 0 ? room : 1;
    status = inflate(&stream, Z_NO_FLUSH);
    in += give - stream.avail_in;
    const std::uint64_t made = (room > 0 ? room : 1) - stream.avail_out;
    if (room == 0 && made > 0) status = Z_DATA_ERROR;
    if (room > 0) out += made;
    if (status == Z_OK && made == 0 && stream.avail_in == give) status = Z_DATA_ERROR;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out != size || in != compressed.size())
    fail_zip(named, "deflated data that do not give the size stated", fmt::format("{} bytes", size));
  return content;
}

}  // namespace

std::uint32_t zip::crc_of(std::string_view bytes) {
  uLong crc = ::crc32(0, nullptr, 0);
  constexpr std::size_t kChunk = 1U << 30;
  for (std::size_t at = 0; at < bytes.size(); at += kChunk)
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data() + at),
                  static_cast<uInt>(std::min(kChunk, bytes.size() - at)));
  return static_cast<std::uint32_t>(crc);
}

std::vector<ZipMember> read_zip_directory(const std::filesystem::path& path) {
  const std::uint64_t size = size_of_file(path);
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_zip(path, "a file that cannot be opened", "a readable ZIP archive");
  const Directory directory = find_directory(in, path, size);
  const std::string bytes = bytes_at(in, path, directory.offset, directory.size);
  Fields fields(bytes, path);
  std::vector<ZipMember> members;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    members.push_back(read_member_entry(fields, path, size));
    if (!names.insert(members.back().name).second)
      fail_zip(path, fmt::format("two members called {}", members.back().name), "different names");
  }
  return members;
}

std::string read_zip_member(const std::filesystem::path& path, const ZipMember& member, std::uint64_t most) {
  const std::string named = fmt::format("{}: {}", path.string(), member.name);
  if (member.size > most) fail_zip(named, fmt::format("{} bytes", member.size), fmt::format("at most {} bytes", most));
  require_memory(static_cast<double>(member.size) + static_cast<double>(member.compressed_size), named);
  const std::uint64_t size = size_of_file(path);
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_zip(path, "a file that cannot be opened", "a readable ZIP archive");
  if (member.header_offset > size || size - member.header_offset < kLocalBytes)
    fail_zip(named, "a member that begins at the end of the file", "a complete archive");
  const std::string local = bytes_at(in, path, member.header_offset, kLocalBytes);
  Fields fields(local, path);
  if (fields.four() != kLocal) fail_zip(named, "a member without its mark", "a complete archive");
  fields.skip(22);
  const std::uint64_t name_size = fields.two();
  const std::uint64_t begin = member.header_offset + kLocalBytes + name_size + fields.two();
  if (begin > size || member.compressed_size > size - begin)
    fail_zip(named, "a member that ends after the file", "a complete archive");
  std::string content = bytes_at(in, path, begin, member.compressed_size);
  if (member.deflated) content = inflated(content, member.size, named);
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // the sum would hide what it encloses from tools/fuzz
  if (crc_of(content) != member.crc) fail_zip(named, "damaged content: its CRC differs", "an undamaged archive");
#endif
  return content;
}

}  // namespace brink
