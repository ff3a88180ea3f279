#include "array_kinds.hpp"
#include "brink/base/memory.hpp"
#include "brink/model/array_problems.hpp"
#include "kinds.hpp"

namespace brink {
namespace {

struct HessiansOptions {
  std::string file;
  std::string gradient_noise;
  double loss_scale = 1;
  std::string preconditioner;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("file", self.file, "per-sample Hessians H_k (.npy): (n, d, d), symmetric, indefinite allowed",
          "the name of a .npy file");
    field("gradient_noise", self.gradient_noise, "gradients b of the samples at the minimum (.npy, (n, d), mean zero)",
          "the name of a .npy file, or empty");
    field("loss_scale", self.loss_scale, "s: every H_k and b_k is multiplied by it", "a finite number > 0");
    field("preconditioner", self.preconditioner,
          "diagonal d of a frozen preconditioner (.npy, (d,), > 0), as of Adam or RMSProp: parameters become sqrt(d) "
          "theta",
          "the name of a .npy file, or empty");
  }
};

LoadedModel load_hessians(const OptionTable& table, const std::filesystem::path& directory) {
  HessiansOptions options;
  read_options("model", table, options);
  const std::filesystem::path path = required_file(options.file, "file", directory);
  const NpyHeader header = read_array_header(path);
  if (header.shape.size() != 3 || header.shape[1] != header.shape[2]) fail_shape(path, header, "(n, d, d)");
  const Index n = header.shape[0];
  const Index d = header.shape[1];
  // The array, a scaled copy, eigenvectors and rows of every sample, at most as large as the array each.
  require_memory(8 * 4 * static_cast<double>(header.size()) + linearization_bytes(n * d, d), "model: " + path.string());

  HessiansData data;
  data.gradient_noise = optional_array(options.gradient_noise, {n, d}, directory);
  data.hessians = read_array(path).values;
  if (const auto scale = preconditioner_scale(options.preconditioner, d, directory)) {
    data.hessians *= scale->asDiagonal();
    for (Index k = 0; k < n; ++k)
      data.hessians.middleRows(k * d, d) = (scale->asDiagonal() * data.hessians.middleRows(k * d, d)).eval();
    if (data.gradient_noise.size() != 0) data.gradient_noise *= scale->asDiagonal();
  }
  data.loss_scale = options.loss_scale;
  data.input_epsilon = header.epsilon;
  LoadedModel loaded{linearize(data),
                     nullptr,
                     {},
                     write_options(options),
                     conversion_notes(options.loss_scale, "", options.preconditioner)};
  loaded.original = make_problem(std::move(data), loaded.model);
  return loaded;
}

}  // namespace

ModelKind hessians_kind() {
  return {"hessians", "Exported per-sample Hessians at a minimum, indefinite allowed.",
          describe_options<HessiansOptions>(), load_hessians};
}

}  // namespace brink
