#pragma once
// Which model a command works on: an array file, or the [model] section of a configuration.

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "brink/model/model_source.hpp"
#include "configuration.hpp"

namespace brink::cli {

/// --jacobian | --gram | --hessians | --config, and what goes with an array.
class ModelFlags {
 public:
  void add(CLI::App& app);

  /// True when one of the four flags was given.
  [[nodiscard]] bool given() const;

  /// The configuration: that of --config, or one whose [model] holds the array flags. Throws InvalidInput unless
  /// exactly one of the four flags was given, and for an array flag beside --config.
  [[nodiscard]] Configuration configuration() const;

 private:
  std::string jacobian_;
  std::string gram_;
  std::string hessians_;
  std::string config_;
  std::optional<std::int64_t> outputs_;
  std::string gradient_noise_;
  std::optional<double> loss_scale_;
  std::string output_curvature_;
  std::string preconditioner_;
};

/// Loads the [model] section. Throws InvalidInput when there is none.
[[nodiscard]] LoadedModel load_configured_model(const Configuration& configuration);

}  // namespace brink::cli
