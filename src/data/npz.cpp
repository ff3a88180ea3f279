#include "brink/data/npz.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "brink/base/error.hpp"
#include "brink/data/zip_archive.hpp"

namespace brink {
namespace {

constexpr std::string_view kExtension = ".npy";

bool is_array(const std::string& member) {
  return member.size() > kExtension.size() &&
         member.compare(member.size() - kExtension.size(), kExtension.size(), kExtension) == 0;
}

std::string array_name(const std::string& member) { return member.substr(0, member.size() - kExtension.size()); }

std::string member_bytes(const std::filesystem::path& path, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& member : read_zip_directory(path)) {
    if (!is_array(member.name)) continue;
    known.push_back(array_name(member.name));
    if (known.back() == name) return read_zip_member(path, member);
  }
  fail_argument("read_npz", path.string(), name, fmt::format("one of {}", fmt::join(known, ", ")));
}

}  // namespace

std::vector<std::string> npz_names(const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const auto& member : read_zip_directory(path))
    if (is_array(member.name)) names.push_back(array_name(member.name));
  check_argument(!names.empty(), "npz_names", path.string(), "an archive without a .npy member",
                 "what numpy.savez writes");
  return names;
}

NpyArray read_npz(const std::filesystem::path& path, const std::string& name, NonFinite non_finite) {
  const std::string bytes = member_bytes(path, name);
  std::istringstream in(bytes);
  return read_npy(in, bytes.size(), path / name, non_finite);
}

NpyHeader read_npz_header(const std::filesystem::path& path, const std::string& name) {
  const std::string bytes = member_bytes(path, name);
  std::istringstream in(bytes);
  return read_npy_header(in, bytes.size(), path / name);
}

void write_npz(const std::filesystem::path& path, const std::vector<NpzArray>& arrays, bool compressed) {
  std::vector<ZipContent> members;
  for (const auto& array : arrays) {
    std::size_t count = 1;
    for (const Index extent : array.shape) count *= static_cast<std::size_t>(extent);
    ZipContent member{array.name + std::string(kExtension), npy_header_bytes(array.shape)};
    member.bytes.append(reinterpret_cast<const char*>(array.values), count * sizeof(double));
    members.push_back(std::move(member));
  }
  write_zip(path, members, compressed);
}

}  // namespace brink
