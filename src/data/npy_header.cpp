#include <fmt/format.h>

#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <string_view>

#include "brink/base/error.hpp"
#include "brink/data/npy.hpp"
#include "number_decoding.hpp"
#include "printable.hpp"

namespace brink {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kLongestNpyHeader = 1U << 20;
constexpr std::size_t kMostAxes = 64;  // of NumPy 2; the time to walk an array grows with them
constexpr std::string_view kAllowedTypes =
    "one of float16, float32, float64, a signed or unsigned integer of 1 to 8 bytes, bool";

[[noreturn]] void fail_npy(const std::filesystem::path& path, std::string_view found, std::string_view allowed) {
  fail_argument("read_npy", path.string(), found, allowed);
}

/// The header is the text of a Python dictionary with exactly three keys.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::filesystem::path& path) : text_(text), path_(path) {}

  void read_into(NpyHeader& header) {
    bool has_type = false;
    bool has_order = false;
    bool has_shape = false;
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !has_type) {
        if (peek() == '[') fail_npy(path_, "an array of records", kAllowedTypes);
        header.type = quoted();
        has_type = true;
      } else if (key == "fortran_order" && !has_order) {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape" && !has_shape) {
        header.shape = tuple();
        has_shape = true;
      } else {
        malformed();
      }
      if (!take(',') && peek() != '}') malformed();
    }
    skip_space();
    if (at_ != text_.size() || !has_type || !has_order || !has_shape) malformed();
  }

 private:
  [[noreturn]] void malformed() const {
    fail_npy(path_, fmt::format("a file with the header \"{}\"", printable(text_)),
             "a dictionary of descr, fortran_order and shape");
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) malformed();
  }
  std::string_view quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') malformed();
    const std::size_t begin = ++at_;
    const std::size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) malformed();
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }
  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {std::string_view("False"), false}}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    malformed();
  }
  std::vector<Index> tuple() {
    std::vector<Index> extents;
    expect('(');
    while (!take(')')) {
      skip_space();
      std::int64_t extent = 0;
      const char* const begin = text_.data() + at_;
      const auto parsed = std::from_chars(begin, text_.data() + text_.size(), extent);
      if (parsed.ec != std::errc() || extent < 0) malformed();
      at_ += static_cast<std::size_t>(parsed.ptr - begin);
      if (extents.size() == kMostAxes) fail_npy(path_, "an array of more axes", fmt::format("at most {}", kMostAxes));
      extents.push_back(extent);
      if (!take(',') && peek() != ')') malformed();
    }
    return extents;
  }

  std::string_view text_;
  const std::filesystem::path& path_;
  std::size_t at_ = 0;
};

/// Bytes of one number; sets epsilon. The type is "<f8": byte order, kind, size.
std::uint64_t resolve_type(NpyHeader& header, const std::filesystem::path& path) {
  const std::string& type = header.type;
  const bool has_order = !type.empty() && std::string_view("<>=|").find(type[0]) != std::string_view::npos;
  const std::string_view name = has_order ? std::string_view(type).substr(1) : std::string_view();
  header.epsilon = epsilon_of(name);
  for (const std::string_view known : {"f8", "f4", "f2", "i1", "u1", "b1", "i2", "u2", "i4", "u4", "i8", "u8"}) {
    if (name == known) return static_cast<std::uint64_t>(known[1] - '0');
  }
  fail_npy(path, fmt::format("an array of type \"{}\"", printable(type)), kAllowedTypes);
}

void resolve_body(NpyHeader& header, std::uint64_t bytes_each, std::uint64_t file_size,
                  const std::filesystem::path& path) {
  const std::string shape = shape_text(header.shape);
  std::uint64_t bytes = bytes_each;
  bool overflow = false;
  for (const Index extent : header.shape) {
    if (extent == 0) fail_npy(path, "an empty array of shape " + shape, "every extent >= 1");
    overflow = overflow || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes);
  }
  const std::uint64_t present = file_size - header.body_offset;
  if (overflow || bytes > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    fail_npy(path, "an array of shape " + shape, fmt::format("the {} bytes that follow its header", present));
  }
  header.body_bytes = bytes;
  if (bytes == present) return;
  fail_npy(path,
           fmt::format("a{} file: {} bytes after the header", present < bytes ? " truncated" : " too long", present),
           fmt::format("{} bytes for shape {} of type {}", bytes, shape, header.type));
}

}  // namespace

Index NpyHeader::size() const {
  Index count = 1;
  for (const Index extent : shape) count *= extent;
  return count;
}

std::string shape_text(const std::vector<Index>& shape) {
  if (shape.size() == 1) return fmt::format("({},)", shape[0]);
  return fmt::format("({})", fmt::join(shape, ", "));
}

NpyHeader read_npy_header(std::istream& in, std::uint64_t size, const std::filesystem::path& name) {
  std::array<char, 12> start{};
  in.read(start.data(), 8);
  if (!in || std::string_view(start.data(), kMagic.size()) != kMagic) {
    fail_npy(name, fmt::format("a file of {} bytes that is not in .npy format", size), "a .npy file");
  }
  NpyHeader header;
  header.version = static_cast<unsigned char>(start[6]);
  if (header.version < 1 || header.version > 3) {
    fail_npy(name, fmt::format(".npy version {}", header.version), "version 1, 2 or 3");
  }
  const int length_bytes = header.version == 1 ? 2 : 4;
  in.read(start.data() + 8, length_bytes);
  std::uint64_t length = 0;
  for (int i = length_bytes - 1; i >= 0; --i) length = length * 256 + static_cast<unsigned char>(start[8 + i]);
  header.body_offset = 8 + static_cast<std::uint64_t>(length_bytes) + length;
  if (!in || header.body_offset > size || length > kLongestNpyHeader) {
    fail_npy(name, fmt::format("a file of {} bytes whose header claims {}", size, length), "a complete .npy file");
  }
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  if (!in) fail_npy(name, "a header that cannot be read", "a complete .npy file");
  HeaderText(text, name).read_into(header);
  resolve_body(header, resolve_type(header, name), size, name);
  return header;
}

NpyHeader read_npy_header(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    const bool exists = std::filesystem::exists(path, error);
    fail_npy(path, exists ? "not a regular file" : "no such file", "a .npy file");
  }
  const std::uint64_t file_size = std::filesystem::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) fail_npy(path, "a file that cannot be opened", "a readable .npy file");
  return read_npy_header(in, file_size, path);
}

}  // namespace brink
