#include "brink/model/model_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kinds.hpp"

namespace brink {
namespace {

std::vector<ModelKind>& table() {
  static std::vector<ModelKind> kinds = {
      quadratic_kind(), regression_kind(), random_features_kind(), jacobian_kind(), gram_kind(), hessians_kind(),
  };
  return kinds;
}

const ModelKind* find_kind(const std::string& name) {
  const auto& kinds = table();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

/// What is wrong with the numbers is found where no file name is known any more: the message gets it here.
LoadedModel load_naming_file(const ModelKind& kind, const OptionTable& options,
                             const std::filesystem::path& directory) {
  const auto entry = options.find("file");
  const auto* const file = entry == options.end() ? nullptr : std::get_if<std::string>(&entry->second);
  try {
    return kind.load(options, directory);
  } catch (const InvalidInput& error) {
    const std::string message = error.what();
    if (file == nullptr || file->empty() || message.find(*file) != std::string::npos) throw;
    throw InvalidInput(fmt::format("{}: {}", *file, message));
  }
}

}  // namespace

const std::vector<ModelKind>& model_kinds() { return table(); }

void register_model_kind(ModelKind kind) {
  check_argument(!kind.name.empty() && find_kind(kind.name) == nullptr, "register_model_kind", "name", kind.name,
                 "a new name");
  table().push_back(std::move(kind));
}

LoadedModel load_model(const OptionTable& options, const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& kind : table()) names.push_back(kind.name);
  const std::string all = fmt::format("one of {}", fmt::join(names, ", "));

  const auto given = options.find("kind");
  check_argument(given != options.end(), "model", "kind", "missing", all);
  const auto* const name = std::get_if<std::string>(&given->second);
  check_argument(name != nullptr, "model", "kind", to_string(given->second), all);
  const ModelKind* const kind = find_kind(*name);
  check_argument(kind != nullptr, "model", "kind", fmt::format("\"{}\"", *name),
                 fmt::format("{} (the nearest is \"{}\")", all, nearest_name(*name, names)));
  OptionTable own = options;
  own.erase("kind");
  LoadedModel loaded = load_naming_file(*kind, own, directory);
  loaded.kind = kind->name;
  loaded.resolved["kind"] = kind->name;
  return loaded;
}

}  // namespace brink
