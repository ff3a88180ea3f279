// Writing of ZIP archives.

#include <zlib.h>

#include <algorithm>
#include <fstream>

#include "brink/base/error.hpp"
#include "brink/data/zip_archive.hpp"
#include "zip_format.hpp"

namespace brink {

using namespace zip;

namespace {

void put(std::string& out, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string deflated_bytes(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  std::size_t in = 0;
  std::size_t made = 0;
  constexpr std::size_t kChunk = 1U << 30;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    const std::size_t give = std::min(kChunk, bytes.size() - in);
    const std::size_t room = std::min(kChunk, out.size() - made);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + in));
    stream.avail_in = static_cast<uInt>(give);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + made);
    stream.avail_out = static_cast<uInt>(room);
    status = deflate(&stream, in + give == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    in += give - stream.avail_in;
    made += room - stream.avail_out;
  }
  deflateEnd(&stream);
  out.resize(made);
  return out;
}

/// What the archive says of one member: before its body, and in the directory at the end.
struct MemberRecords {
  std::string local;
  std::string directory;
};

MemberRecords records_of(const ZipContent& member, std::uint64_t body_size, bool deflated, std::uint64_t offset) {
  const bool large = body_size >= kLarge32 || member.bytes.size() >= kLarge32 || offset >= kLarge32;
  const std::uint32_t crc = crc_of(member.bytes);
  std::string extra;
  if (large) {
    put(extra, kExtra64, 2);
    put(extra, 16, 2);
    put(extra, member.bytes.size(), 8);
    put(extra, body_size, 8);
  }
  const auto common = [&](std::string& header, std::size_t extra_size) {
    put(header, large ? 45 : 20, 2);
    put(header, 0x800, 2);  // names are UTF-8
    put(header, deflated ? kDeflated : kStored, 2);
    put(header, 0, 2);
    put(header, 0x21, 2);  // 1 January 1980: an archive is a function of its content
    put(header, crc, 4);
    put(header, large ? kLarge32 : body_size, 4);
    put(header, large ? kLarge32 : member.bytes.size(), 4);
    put(header, member.name.size(), 2);
    put(header, extra_size, 2);
  };
  MemberRecords records;
  put(records.local, kLocal, 4);
  common(records.local, extra.size());
  records.local += member.name + extra;
  std::string& directory = records.directory;
  put(directory, kCentral, 4);
  put(directory, large ? 45 : 20, 2);
  if (large) {
    extra[2] = 24;
    put(extra, offset, 8);
  }
  common(directory, extra.size());
  put(directory, 0, 2);
  put(directory, 0, 2);
  put(directory, 0, 2);
  put(directory, 0, 4);
  put(directory, large ? kLarge32 : offset, 4);
  directory += member.name + extra;
  return records;
}

/// What ends an archive whose directory begins at `offset`.
std::string end_record(std::uint64_t members, std::uint64_t directory_size, std::uint64_t offset) {
  std::string end;
  if (members >= kLarge16 || offset >= kLarge32 || directory_size >= kLarge32) {
    put(end, kEnd64, 4);
    put(end, kEnd64Bytes - 12, 8);
    put(end, 45, 2);
    put(end, 45, 2);
    put(end, 0, 4);
    put(end, 0, 4);
    put(end, members, 8);
    put(end, members, 8);
    put(end, directory_size, 8);
    put(end, offset, 8);
    put(end, kLocator64, 4);
    put(end, 0, 4);
    put(end, offset + directory_size, 8);
    put(end, 1, 4);
  }
  put(end, kEnd, 4);
  put(end, 0, 2);
  put(end, 0, 2);
  put(end, std::min<std::uint64_t>(members, kLarge16), 2);
  put(end, std::min<std::uint64_t>(members, kLarge16), 2);
  put(end, std::min<std::uint64_t>(directory_size, kLarge32), 4);
  put(end, std::min<std::uint64_t>(offset, kLarge32), 4);
  put(end, 0, 2);
  return end;
}

}  // namespace

void write_zip(const std::filesystem::path& path, const std::vector<ZipContent>& members, bool deflated) {
  std::filesystem::path temporary = path;
  temporary += ".partial";
  std::error_code error;
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    std::string directory;
    std::uint64_t offset = 0;
    for (const auto& member : members) {
      const std::string packed = deflated ? deflated_bytes(member.bytes) : std::string();
      const std::string& body = deflated ? packed : member.bytes;
      const MemberRecords records = records_of(member, body.size(), deflated, offset);
      out << records.local << body;
      directory += records.directory;
      offset += records.local.size() + body.size();
    }
    out << directory << end_record(members.size(), directory.size(), offset);
    out.close();
    if (!out) {
      std::filesystem::remove(temporary, error);
      fail_argument("write_zip", path.string(), "a file that cannot be written", "a writable directory with room");
    }
  }
  std::filesystem::rename(temporary, path, error);
  if (error) fail_argument("write_zip", path.string(), error.message(), "a name that can be written");
}

}  // namespace brink
