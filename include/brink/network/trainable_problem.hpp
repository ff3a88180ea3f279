#pragma once
// Where training gets its problem from: the [model] section of a configuration. Every kind is one options struct and
// one registration line, as for the models of brink/model; the same name may stand in both tables.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "brink/base/options.hpp"
#include "brink/network/objective.hpp"

namespace brink {

/// A problem ready for training. The objectives are made when they are asked for: a run needs one of them, and the
/// finish to a minimum the second.
struct TrainableProblem {
  std::function<std::shared_ptr<const NetworkObjective<float>>()> single;
  std::function<std::shared_ptr<const NetworkObjective<double>>()> precise;
  Vector start;  ///< θ at step 0
  std::string kind;
  OptionTable resolved;            ///< every option with its value, for provenance
  std::vector<std::string> notes;  ///< what was read and how it was converted
};

struct TrainableKind {
  std::string name;
  std::string summary;  ///< one sentence
  std::vector<OptionDescription> options;
  /// Makes the problem from its options (without the key "kind"). File names are relative to `directory`.
  std::function<TrainableProblem(const OptionTable& options, const std::filesystem::path& directory)> load;
};

/// θ from a .npy file of any shape with that many numbers; throws InvalidInput, in the name of the section and key that
/// name the file, for another number.
[[nodiscard]] Vector read_parameters(const std::filesystem::path& file, Index parameters, const char* section,
                                     const char* key);

/// All kinds, in the order of the documentation.
[[nodiscard]] const std::vector<TrainableKind>& trainable_kinds();

/// Adds a kind: the one registration line of an extension.
void register_trainable_kind(TrainableKind kind);

/// Loads `[model]`: `options` holds "kind" and the keys of that kind. Throws InvalidInput for everything a user can get
/// wrong.
[[nodiscard]] TrainableProblem load_trainable(const OptionTable& options, const std::filesystem::path& directory);

}  // namespace brink
