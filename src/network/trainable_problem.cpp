#include "brink/network/trainable_problem.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "brink/base/error.hpp"
#include "brink/data/npy.hpp"
#include "builtin_kinds.hpp"

namespace brink {
namespace {

std::vector<TrainableKind>& table() {
  static std::vector<TrainableKind> kinds = {
      trainable_regression_kind(),
      trainable_random_features_kind(),
      trainable_network_kind(),
      trainable_sensing_kind(),
  };
  return kinds;
}

const TrainableKind* find_kind(const std::string& name) {
  const auto& kinds = table();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<TrainableKind>& trainable_kinds() { return table(); }

void register_trainable_kind(TrainableKind kind) {
  check_argument(!kind.name.empty() && find_kind(kind.name) == nullptr, "register_trainable_kind", "name", kind.name,
                 "a new name");
  table().push_back(std::move(kind));
}

TrainableProblem load_trainable(const OptionTable& options, const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& kind : table()) names.push_back(kind.name);
  const std::string all = fmt::format("one of {}, for training", fmt::join(names, ", "));

  const auto given = options.find("kind");
  check_argument(given != options.end(), "model", "kind", "missing", all);
  const auto* const name = std::get_if<std::string>(&given->second);
  check_argument(name != nullptr, "model", "kind", to_string(given->second), all);
  const TrainableKind* const kind = find_kind(*name);
  check_argument(kind != nullptr, "model", "kind", fmt::format("\"{}\"", *name),
                 fmt::format("{} (the nearest is \"{}\")", all, nearest_name(*name, names)));
  OptionTable own = options;
  own.erase("kind");
  TrainableProblem problem = kind->load(own, directory);
  problem.kind = kind->name;
  problem.resolved["kind"] = kind->name;
  return problem;
}

Vector read_parameters(const std::filesystem::path& file, Index parameters, const char* section, const char* key) {
  const NpyHeader header = read_npy_header(file);
  check_argument(header.size() == parameters, section, key,
                 fmt::format("{} of shape {}", file.string(), shape_text(header.shape)),
                 fmt::format("{} numbers, the parameters of the problem", parameters));
  return Eigen::Map<const Vector>(read_npy(file).values.data(), parameters);
}

}  // namespace brink
