#include "array_kinds.hpp"

#include <fmt/format.h>

#include <cmath>

#include "brink/base/error.hpp"

namespace brink {

std::filesystem::path required_file(const std::string& name, const std::string& key,
                                    const std::filesystem::path& directory) {
  check_argument(!name.empty(), "model", key, "missing", "the name of a .npy file");
  return directory / name;
}

void fail_shape(const std::filesystem::path& path, const NpyHeader& header, const std::string& allowed) {
  fail_argument("model", path.string(), "an array of shape " + shape_text(header.shape), allowed);
}

Index resolve_outputs(const NpyHeader& header, std::int64_t outputs, const std::string& file) {
  if (header.shape.size() == 3) {
    check_argument(
        outputs == 0 || outputs == header.shape[1], "model", "outputs", outputs,
        fmt::format("{}, the second axis of {} of shape {}", header.shape[1], file, shape_text(header.shape)));
    return header.shape[1];
  }
  const Index resolved = outputs == 0 ? 1 : outputs;
  check_argument(header.shape[0] % resolved == 0, "model", "outputs", outputs,
                 fmt::format("a divisor of the {} rows of {}", header.shape[0], file));
  return resolved;
}

RowMatrix optional_array(const std::string& name, const std::vector<Index>& shape,
                         const std::filesystem::path& directory) {
  if (name.empty()) return {};
  const std::filesystem::path path = directory / name;
  const NpyHeader header = read_array_header(path);
  if (header.shape != shape) fail_shape(path, header, shape_text(shape));
  return read_array(path).values;
}

std::optional<Vector> preconditioner_scale(const std::string& name, Index size,
                                           const std::filesystem::path& directory) {
  if (name.empty()) return std::nullopt;
  const RowMatrix values = optional_array(name, {size}, directory);
  const Vector diagonal = Eigen::Map<const Vector>(values.data(), size);
  for (Index i = 0; i < size; ++i) {
    check_argument(diagonal[i] > 0 && std::isfinite(diagonal[i]), "model",
                   fmt::format("preconditioner, {}[{}]", (directory / name).string(), i), diagonal[i],
                   "finite numbers > 0");
  }
  return diagonal.cwiseSqrt().cwiseInverse();
}

std::vector<std::string> conversion_notes(double loss_scale, const std::string& output_curvature,
                                          const std::string& preconditioner) {
  std::vector<std::string> notes;
  if (loss_scale != 1)
    notes.push_back(fmt::format(
        "loss scaled by {:.12g} (loss_scale): H was multiplied by it, and the gradient noise if any", loss_scale));
  if (!output_curvature.empty()) notes.push_back("output curvature " + output_curvature + " applied: A_k = R_k J_k");
  if (!preconditioner.empty())
    notes.push_back("preconditioner " + preconditioner + " applied: columns scaled by its inverse square root");
  return notes;
}

}  // namespace brink
