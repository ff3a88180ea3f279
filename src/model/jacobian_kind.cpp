#include <algorithm>

#include "array_kinds.hpp"
#include "brink/base/memory.hpp"
#include "brink/model/array_problems.hpp"
#include "kinds.hpp"

namespace brink {
namespace {

struct JacobianOptions {
  std::string file;
  std::int64_t outputs = 0;
  std::string gradient_noise;
  double loss_scale = 1;
  std::string preconditioner;
  std::string output_curvature;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("file", self.file, "per-sample output Jacobians J (.npy): (n, p), (n, c, p) or (n*c, p), sample-major",
          "the name of a .npy file");
    field("outputs", self.outputs, "c, outputs per sample; needed for (n*c, p) with c > 1",
          "an integer >= 1 (without it: from the shape)");
    field("gradient_noise", self.gradient_noise, "gradients b of the samples at the minimum (.npy, (n, p), mean zero)",
          "the name of a .npy file, or empty");
    field("loss_scale", self.loss_scale, "s: the loss is s times the mean of half squares", "a finite number > 0");
    field("output_curvature", self.output_curvature, "curvature S of the output loss (.npy, (n, c, c), PSD)",
          "the name of a .npy file, or empty");
    field("preconditioner", self.preconditioner,
          "diagonal d of a frozen preconditioner (.npy, (p,), > 0), as of Adam or RMSProp: parameters become sqrt(d) "
          "theta",
          "the name of a .npy file, or empty");
  }
};

LoadedModel load_jacobian(const OptionTable& table, const std::filesystem::path& directory) {
  JacobianOptions options;
  read_options("model", table, options);
  const std::filesystem::path path = required_file(options.file, "file", directory);
  const NpyHeader header = read_array_header(path);
  if (header.shape.size() != 2 && header.shape.size() != 3) fail_shape(path, header, "(n, p), (n, c, p) or (n*c, p)");
  const Index p = header.shape.back();
  const Index rows = header.size() / p;
  RowsData data;
  check_argument(options.outputs >= 1 || !table.contains("outputs"), "model", "outputs", options.outputs,
                 "an integer >= 1");
  data.outputs = resolve_outputs(header, options.outputs, options.file);
  const Index n = rows / data.outputs;
  const bool converts = options.loss_scale != 1 || !options.output_curvature.empty();
  const bool has_noise = !options.gradient_noise.empty();
  const double entries = static_cast<double>(rows) * static_cast<double>(p);
  const double noise_entries = has_noise ? 3.0 * static_cast<double>(n) * static_cast<double>(p) : 0.0;
  require_memory(8 * (entries * (converts ? 2 : 1) + noise_entries) + linearization_bytes(rows, p),
                 "model: " + path.string());

  data.output_curvature = optional_array(options.output_curvature, {n, data.outputs, data.outputs}, directory);
  data.gradient_noise = optional_array(options.gradient_noise, {n, p}, directory);
  data.rows = read_array(path).values;
  if (const auto scale = preconditioner_scale(options.preconditioner, p, directory)) {
    data.rows *= scale->asDiagonal();
    if (has_noise) data.gradient_noise *= scale->asDiagonal();
  }
  data.loss_scale = options.loss_scale;
  data.input_epsilon = header.epsilon;
  if (!options.output_curvature.empty()) {
    data.input_epsilon = std::max(data.input_epsilon, read_array_header(directory / options.output_curvature).epsilon);
  }

  LoadedModel loaded{linearize(data),
                     nullptr,
                     {},
                     {},
                     conversion_notes(options.loss_scale, options.output_curvature, options.preconditioner)};
  loaded.original = make_problem(std::move(data), loaded.model);
  options.outputs = loaded.model.samples().outputs;
  loaded.resolved = write_options(options);
  return loaded;
}

}  // namespace

ModelKind jacobian_kind() {
  return {"jacobian", "Exported per-sample output Jacobians of any framework, at a minimum.",
          describe_options<JacobianOptions>(), load_jacobian};
}

}  // namespace brink
