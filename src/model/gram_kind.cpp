#include <algorithm>

#include "array_kinds.hpp"
#include "brink/base/memory.hpp"
#include "brink/model/array_problems.hpp"
#include "kinds.hpp"

namespace brink {
namespace {

struct GramOptions {
  std::string file;
  std::int64_t outputs = 1;
  double loss_scale = 1;
  std::string output_curvature;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("file", self.file, "Gram matrix K = J J^T, the empirical neural tangent kernel (.npy): (n*c, n*c)",
          "the name of a .npy file");
    field("outputs", self.outputs, "c, outputs per sample; rows are sample-major", "an integer >= 1");
    field("loss_scale", self.loss_scale, "s: the loss is s times the mean of half squares", "a finite number > 0");
    field("output_curvature", self.output_curvature, "curvature S of the output loss (.npy, (n, c, c), PSD)",
          "the name of a .npy file, or empty");
  }
};

LoadedModel load_gram(const OptionTable& table, const std::filesystem::path& directory) {
  GramOptions options;
  read_options("model", table, options);
  check_argument(options.outputs >= 1, "model", "outputs", options.outputs, "an integer >= 1");
  const std::filesystem::path path = required_file(options.file, "file", directory);
  const NpyHeader header = read_array_header(path);
  if (header.shape.size() != 2 || header.shape[0] != header.shape[1]) fail_shape(path, header, "(n*c, n*c)");
  const Index rows = header.shape[0];
  const Index c = resolve_outputs(header, options.outputs, options.file);
  const double entries = static_cast<double>(rows) * static_cast<double>(rows);
  require_memory(8 * 4 * entries + linearization_bytes(rows, rows), "model: " + path.string());

  GramData data;
  data.outputs = c;
  data.output_curvature = optional_array(options.output_curvature, {rows / c, c, c}, directory);
  data.gram = read_array(path).values;
  data.loss_scale = options.loss_scale;
  data.input_epsilon = header.epsilon;
  if (!options.output_curvature.empty()) {
    data.input_epsilon = std::max(data.input_epsilon, read_array_header(directory / options.output_curvature).epsilon);
  }
  LoadedModel loaded{linearize(data),
                     nullptr,
                     {},
                     write_options(options),
                     conversion_notes(options.loss_scale, options.output_curvature)};
  loaded.original = make_problem(std::move(data), loaded.model);
  return loaded;
}

}  // namespace

ModelKind gram_kind() {
  return {"gram", "A Gram matrix (empirical neural tangent kernel) at an interpolating minimum; p may be millions.",
          describe_options<GramOptions>(), load_gram};
}

}  // namespace brink
