#include "brink/data/array_file.hpp"

#include <fmt/format.h>

#include <optional>

#include "brink/base/error.hpp"
#include "brink/data/npz.hpp"
#include "brink/data/safetensors.hpp"

namespace brink {
namespace {

struct Place {
  std::filesystem::path file;
  std::string name;
};

/// Splits "run.npz:J"; a file of another format is a name as it stands.
std::optional<Place> place_in(const std::filesystem::path& path, std::string_view extension) {
  const std::string text = path.string();
  const std::string inside = std::string(extension) + ":";
  const auto colon = text.rfind(inside);
  if (colon != std::string::npos)
    return Place{text.substr(0, colon + extension.size()), text.substr(colon + inside.size())};
  if (path.extension() == extension) return Place{path, ""};
  return std::nullopt;
}

void choose(Place& place, const std::vector<std::string>& names, std::string_view extension) {
  if (!place.name.empty()) return;
  if (names.size() != 1)
    fail_argument("read_array", place.file.string(), fmt::format("{} arrays", names.size()),
                  fmt::format("FILE{}:NAME, NAME one of {}", extension, fmt::join(names, ", ")));
  place.name = names.front();
}

std::vector<std::string> names_of(const std::vector<SafetensorsEntry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.name);
  return names;
}

}  // namespace

NpyHeader read_array_header(const std::filesystem::path& path) {
  if (auto place = place_in(path, ".npz")) {
    choose(*place, npz_names(place->file), ".npz");
    return read_npz_header(place->file, place->name);
  }
  if (auto place = place_in(path, ".safetensors")) {
    const auto entries = read_safetensors_header(place->file);
    choose(*place, names_of(entries), ".safetensors");
    return safetensors_header(place->file, entries, place->name);
  }
  return read_npy_header(path);
}

NpyArray read_array(const std::filesystem::path& path, NonFinite non_finite) {
  if (auto place = place_in(path, ".npz")) {
    choose(*place, npz_names(place->file), ".npz");
    return read_npz(place->file, place->name, non_finite);
  }
  if (auto place = place_in(path, ".safetensors")) {
    choose(*place, names_of(read_safetensors_header(place->file)), ".safetensors");
    return read_safetensors(place->file, place->name, non_finite);
  }
  return read_npy(path, non_finite);
}

}  // namespace brink
