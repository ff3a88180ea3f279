#include "brink/data/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "number_decoding.hpp"

namespace brink {
namespace {

constexpr std::uint64_t kLongestSafetensorsHeader = 100U << 20;  // the limit of the format

[[noreturn]] void fail_safetensors(const std::filesystem::path& path, const std::string& found,
                                   const std::string& allowed) {
  fail_argument("read_safetensors", path.string(), found, allowed);
}

struct Type {
  std::string_view name;
  std::string_view numpy;  ///< as decode_numbers has it, without byte order
  std::uint64_t bytes = 0;
};

constexpr Type kTypes[] = {{"F64", "f8", 8}, {"F32", "f4", 4}, {"F16", "f2", 2}, {"BF16", "bf2", 2}, {"I64", "i8", 8},
                           {"I32", "i4", 4}, {"I16", "i2", 2}, {"I8", "i1", 1},  {"U64", "u8", 8},   {"U32", "u4", 4},
                           {"U16", "u2", 2}, {"U8", "u1", 1},  {"BOOL", "b1", 1}};

const Type* find_type(const std::string& name) {
  for (const Type& type : kTypes)
    if (type.name == name) return &type;
  return nullptr;
}

/// Refuses deep nesting before the parser recurses into it.
void check_depth(const std::string& text, const std::filesystem::path& path) {
  constexpr int kDeepest = 16;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        quoted = false;
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++depth > kDeepest) fail_safetensors(path, "a header nested too deeply", "a table of tensors");
    } else if (text[i] == '}' || text[i] == ']') {
      --depth;
    }
  }
}

SafetensorsEntry entry_of(const std::string& name, const nlohmann::json& json, std::uint64_t body, std::uint64_t size,
                          const std::filesystem::path& path) {
  SafetensorsEntry entry;
  entry.name = name;
  entry.type = json.at("dtype").get<std::string>();
  std::uint64_t bytes = 1;
  const Type* type = find_type(entry.type);
  if (type) bytes = type->bytes;
  bool overflow = false;
  for (const auto& extent : json.at("shape")) {
    if (!extent.is_number_unsigned())
      fail_safetensors(path, name + " with a shape of other things than integers >= 0", "integers");
    const auto value = extent.get<std::uint64_t>();
    overflow = overflow || value > std::uint64_t{std::numeric_limits<Index>::max()} ||
               __builtin_mul_overflow(bytes, value, &bytes);
    entry.shape.push_back(static_cast<Index>(value));
  }
  const auto& offsets = json.at("data_offsets");
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    fail_safetensors(path, name + " without two offsets", "data_offsets: two integers >= 0");
  const auto begin = offsets[0].get<std::uint64_t>();
  const auto end = offsets[1].get<std::uint64_t>();
  if (begin > end || end > size - body)
    fail_safetensors(path, fmt::format("{} at bytes {} to {}", name, begin, end),
                     fmt::format("a place inside the {} bytes after the header", size - body));
  if (type && (overflow || bytes != end - begin))
    fail_safetensors(path, fmt::format("{} of {} bytes", name, end - begin),
                     fmt::format("what shape {} of type {} takes", shape_text(entry.shape), entry.type));
  entry.begin = body + begin;
  entry.end = body + end;
  return entry;
}

}  // namespace

std::vector<SafetensorsEntry> read_safetensors_header(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) fail_safetensors(path, "no regular file", "a .safetensors file");
  const std::uint64_t size = std::filesystem::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  unsigned char start[8] = {};
  in.read(reinterpret_cast<char*>(start), 8);
  if (!in) fail_safetensors(path, fmt::format("a file of {} bytes", size), "a .safetensors file");
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | start[i];
  if (length > size - 8 || length > kLongestSafetensorsHeader)
    fail_safetensors(path, fmt::format("a file of {} bytes whose header claims {}", size, length),
                     "a complete .safetensors file");
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  if (!in) fail_safetensors(path, "a header that cannot be read", "a complete .safetensors file");
  check_depth(text, path);
  std::vector<SafetensorsEntry> entries;
  try {
    const nlohmann::json header = nlohmann::json::parse(text);
    if (!header.is_object()) fail_safetensors(path, "a header that is no table", "a table of tensors");
    for (const auto& [name, value] : header.items())
      if (name != "__metadata__") entries.push_back(entry_of(name, value, 8 + length, size, path));
  } catch (const nlohmann::json::exception& problem) {
    fail_safetensors(path, fmt::format("a damaged header ({})", problem.what()), "a table of tensors");
  }
  std::vector<const SafetensorsEntry*> places;
  for (const auto& entry : entries) places.push_back(&entry);
  std::sort(places.begin(), places.end(),
            [](const auto* a, const auto* b) { return a->begin != b->begin ? a->begin < b->begin : a->end < b->end; });
  std::uint64_t at = 8 + length;
  for (const auto* entry : places) {
    if (entry->begin != at)
      fail_safetensors(path, "tensors that overlap or leave a gap, at " + entry->name, "one after the other");
    at = entry->end;
  }
  if (at != size) fail_safetensors(path, fmt::format("{} bytes after the last tensor", size - at), "none");
  return entries;
}

NpyHeader safetensors_header(const std::filesystem::path& path, const std::vector<SafetensorsEntry>& entries,
                             const std::string& name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const SafetensorsEntry& entry) { return entry.name == name; });
  if (found == entries.end()) {
    std::string known;
    for (const auto& entry : entries) known += (known.empty() ? "" : ", ") + entry.name;
    fail_safetensors(path, "no tensor " + name, "one of " + known);
  }
  const Type* type = find_type(found->type);
  if (!type)
    fail_safetensors(path, fmt::format("{} of type {}", name, found->type),
                     "F64, F32, F16, BF16, an integer type or BOOL");
  NpyHeader header;
  header.shape = found->shape;
  header.type = found->type;
  header.epsilon = epsilon_of(type->numpy);
  header.body_offset = found->begin;
  header.body_bytes = found->end - found->begin;
  if (header.size() == 0)
    fail_safetensors(path, fmt::format("an empty tensor {} of shape {}", name, shape_text(found->shape)),
                     "every extent >= 1");
  return header;
}

NpyArray read_safetensors(const std::filesystem::path& path, const std::string& name, NonFinite non_finite) {
  NpyArray array;
  array.header = safetensors_header(path, read_safetensors_header(path), name);
  const NpyHeader& header = array.header;
  const Type& type = *find_type(header.type);
  const Index count = header.size();
  require_memory(8.0 * static_cast<double>(count) + static_cast<double>(header.body_bytes),
                 "read_safetensors: " + path.string());
  std::string bytes(header.body_bytes, '\0');
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(header.body_offset));
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) fail_safetensors(path, "a file that changed while it was read", "a complete .safetensors file");
  const Index columns = header.shape.empty() ? 1 : header.shape.back();
  array.values.resize(count / columns, columns);
  decode_numbers("<" + std::string(type.numpy), bytes.data(), static_cast<std::size_t>(count), array.values.data());
  if (non_finite == NonFinite::refuse) check_finite(array, "read_safetensors", path.string() + ": " + name);
  return array;
}

}  // namespace brink
