#pragma once
// Where models come from: every kind is one file with one options struct and one registration line.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "brink/base/options.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/model/original_problem.hpp"

namespace brink {

/// A model ready for theory and simulation.
struct LoadedModel {
  LinearizedModel model;
  /// The problem before any eigenbasis, for the direct engine; null where there is none (a population of Gaussian
  /// rows).
  std::shared_ptr<const OriginalProblem> original;
  std::string kind;
  OptionTable resolved;            ///< every option with its value, for provenance
  std::vector<std::string> notes;  ///< conversions made on import, e.g. "loss scaled by 0.5"
};

struct ModelKind {
  std::string name;     ///< "quadratic", "regression", "random-features", "jacobian", "gram", "hessians", …
  std::string summary;  ///< one sentence
  std::vector<OptionDescription> options;
  /// Makes the model from its options (without the key "kind"). File names are relative to `directory`.
  std::function<LoadedModel(const OptionTable& options, const std::filesystem::path& directory)> load;
};

/// All kinds, in the order of the documentation.
[[nodiscard]] const std::vector<ModelKind>& model_kinds();

/// Adds a kind: the one registration line of an extension.
void register_model_kind(ModelKind kind);

/// Loads `[model]`: `options` holds "kind" and the keys of that kind. Throws InvalidInput for everything a user can get
/// wrong, before large allocations where the size is known beforehand.
[[nodiscard]] LoadedModel load_model(const OptionTable& options, const std::filesystem::path& directory);

}  // namespace brink
