#include "brink/data/array_file.hpp"

#include <fmt/format.h>

#include <optional>

#include "brink/base/error.hpp"
#include "brink/data/hdf5_file.hpp"
#include "brink/data/npz.hpp"
#include "brink/data/safetensors.hpp"
#include "brink/data/torch_file.hpp"

namespace brink {
namespace {

/// A format whose files hold arrays by name.
struct ContainerFormat {
  std::string_view extension;
  std::vector<std::string> (*names)(const std::filesystem::path& path);
  NpyHeader (*header)(const std::filesystem::path& path, const std::string& name);
  NpyArray (*read)(const std::filesystem::path& path, const std::string& name, NonFinite non_finite);
};

template <class Entry>
std::vector<std::string> names_of(const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.name);
  return names;
}

std::vector<std::string> safetensors_names(const std::filesystem::path& path) {
  return names_of(read_safetensors_header(path));
}
NpyHeader safetensors_header_of(const std::filesystem::path& path, const std::string& name) {
  return safetensors_header(path, read_safetensors_header(path), name);
}

std::vector<std::string> torch_names(const std::filesystem::path& path) { return names_of(read_torch_header(path)); }
NpyHeader torch_header_of(const std::filesystem::path& path, const std::string& name) {
  return torch_header(path, read_torch_header(path), name);
}

constexpr ContainerFormat kContainers[] = {
    {".npz", npz_names, read_npz_header, read_npz},
    {".safetensors", safetensors_names, safetensors_header_of, read_safetensors},
    {".pt", torch_names, torch_header_of, read_torch},
    {".pth", torch_names, torch_header_of, read_torch},
    {".h5", hdf5_names, read_hdf5_header, read_hdf5},
    {".hdf5", hdf5_names, read_hdf5_header, read_hdf5},
};

struct Place {
  const ContainerFormat* format = nullptr;
  std::filesystem::path file;
  std::string name;
};

/// Splits "run.npz:J"; the name may be missing. A file of another format is no place.
std::optional<Place> split_place(const std::filesystem::path& path) {
  const std::string text = path.string();
  for (const auto& format : kContainers) {
    const std::string inside = std::string(format.extension) + ":";
    const auto colon = text.rfind(inside);
    if (colon != std::string::npos && colon + inside.size() < text.size())
      return Place{&format, text.substr(0, colon + format.extension.size()), text.substr(colon + inside.size())};
    if (path.extension() == format.extension) return Place{&format, path, ""};
  }
  return std::nullopt;
}

/// The same with the name, which may be missing where the file holds one array only.
std::optional<Place> find_place(const std::filesystem::path& path) {
  auto place = split_place(path);
  if (!place || !place->name.empty()) return place;
  const auto names = place->format->names(place->file);
  if (names.size() != 1)
    fail_argument("read_array", path.string(), fmt::format("{} arrays", names.size()),
                  fmt::format("FILE{}:NAME, NAME one of {}", place->format->extension, fmt::join(names, ", ")));
  place->name = names.front();
  return place;
}

}  // namespace

bool is_array_file(const std::filesystem::path& path) { return path.extension() == ".npy" || split_place(path); }

std::string array_extensions() {
  std::string text = ".npy";
  for (const auto& format : kContainers) text += fmt::format(", {}", format.extension);
  return text;
}

NpyHeader read_array_header(const std::filesystem::path& path) {
  if (const auto place = find_place(path)) return place->format->header(place->file, place->name);
  return read_npy_header(path);
}

NpyArray read_array(const std::filesystem::path& path, NonFinite non_finite) {
  if (const auto place = find_place(path)) return place->format->read(place->file, place->name, non_finite);
  return read_npy(path, non_finite);
}

}  // namespace brink
