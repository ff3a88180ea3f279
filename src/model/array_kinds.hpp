#pragma once
// What the kinds of model that read arrays share.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "brink/data/array_file.hpp"
#include "brink/model/model_source.hpp"

namespace brink {

/// The file of an option, relative to the directory of the configuration; throws InvalidInput when the option is empty.
[[nodiscard]] std::filesystem::path required_file(const std::string& name, const std::string& key,
                                                  const std::filesystem::path& directory);

/// c of an array whose first axis holds n·c rows (two axes) or whose axes are (n, c, p) (three). `outputs` = 0: not
/// given.
[[nodiscard]] Index resolve_outputs(const NpyHeader& header, std::int64_t outputs, const std::string& file);

/// Reads an array of exactly the given shape, or an empty one when the option is empty.
[[nodiscard]] RowMatrix optional_array(const std::string& name, const std::vector<Index>& shape,
                                       const std::filesystem::path& directory);

[[noreturn]] void fail_shape(const std::filesystem::path& path, const NpyHeader& header, const std::string& allowed);

/// d^{-1/2} of a frozen diagonal preconditioner d (`size` entries, finite and > 0), absent when the option is empty.
/// The update θ⁺ = θ − η d⁻¹g is plain SGD on √d θ, whose Jacobian is J d^{-1/2}.
[[nodiscard]] std::optional<Vector> preconditioner_scale(const std::string& name, Index size,
                                                         const std::filesystem::path& directory);

/// "loss scaled by 0.5 (loss_scale)", "output curvature applied", … for the reader of a result.
[[nodiscard]] std::vector<std::string> conversion_notes(double loss_scale, const std::string& output_curvature,
                                                        const std::string& preconditioner = "");

}  // namespace brink
