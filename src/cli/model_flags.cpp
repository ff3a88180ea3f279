#include "model_flags.hpp"

#include <array>
#include <utility>

#include "brink/base/error.hpp"

namespace brink::cli {

void ModelFlags::add(CLI::App& app) {
  const auto path = [&](const char* flag, std::string& target, const char* help) {
    app.add_option(flag, target, help)->type_name("FILE")->group("Model (one of the first four)");
  };
  path("--jacobian", jacobian_,
       "Jacobian of the outputs, (n·c, p), (n, c, p) or (n, p); .npy, as every array, or run.npz:J, J.safetensors:J, "
       "J.pt:J, run.h5:group/J");
  path("--gram", gram_, "Gram matrix JJᵀ of the Jacobian (the empirical tangent kernel), (n·c, n·c), .npy");
  path("--hessians", hessians_, "Hessians of the samples, (n, d, d), may be indefinite, .npy");
  path("--config", config_, "configuration with a [model] section, TOML; flags override its other sections");
  app.add_option("--outputs", outputs_, "outputs c of a sample, for a two-dimensional array (an integer >= 1)")
      ->type_name("c")
      ->default_str("1")
      ->group("Model (one of the first four)");
  path("--gradient-noise", gradient_noise_, "gradients b of the samples at the minimum, (n, p), mean zero, .npy");
  app.add_option("--loss-scale", loss_scale_, "multiplies the loss, and so H, by s > 0 (2 for a loss without the half)")
      ->type_name("s")
      ->default_str("1")
      ->group("Model (one of the first four)");
  path("--output-curvature", output_curvature_,
       "Hessians S of the loss in the outputs, (n, c, c), .npy (default: identity, half squares)");
  path("--preconditioner", preconditioner_,
       "diagonal d > 0 of a frozen preconditioner (Adam, RMSProp), (p,), .npy: columns are scaled by 1/sqrt(d)");
}

bool ModelFlags::given() const {
  return !jacobian_.empty() || !gram_.empty() || !hessians_.empty() || !config_.empty();
}

Configuration ModelFlags::configuration() const {
  const std::array<std::pair<const char*, const std::string*>, 3> arrays = {
      {{"jacobian", &jacobian_}, {"gram", &gram_}, {"hessians", &hessians_}}};
  int count = config_.empty() ? 0 : 1;
  for (const auto& [kind, file] : arrays) count += file->empty() ? 0 : 1;
  if (count != 1)
    fail_argument("command line", "model", count == 0 ? "none" : "several",
                  "exactly one of --jacobian, --gram, --hessians, --config");

  OptionTable more;
  if (outputs_) more.emplace("outputs", *outputs_);
  if (!gradient_noise_.empty()) more.emplace("gradient_noise", gradient_noise_);
  if (loss_scale_) more.emplace("loss_scale", *loss_scale_);
  if (!output_curvature_.empty()) more.emplace("output_curvature", output_curvature_);
  if (!preconditioner_.empty()) more.emplace("preconditioner", preconditioner_);
  if (!config_.empty()) {
    if (!more.empty())
      fail_argument("command line", more.begin()->first, to_string(more.begin()->second),
                    "this key in the [model] section of " + config_);
    return read_configuration(config_);
  }

  check_argument(gram_.empty() || gradient_noise_.empty(), "command line", "--gradient-noise", gradient_noise_,
                 "none with --gram: gradients live in parameter space, give --jacobian");
  Configuration configuration;
  configuration.directory = ".";
  for (const auto& [kind, file] : arrays) {
    if (file->empty()) continue;
    configuration.name = std::filesystem::path(*file).stem().string();
    OptionTable& model = configuration.sections["model"];
    model = more;
    model.emplace("kind", std::string(kind));
    model.emplace("file", *file);
  }
  return configuration;
}

LoadedModel load_configured_model(const Configuration& configuration) {
  const auto model = configuration.sections.find("model");
  if (model == configuration.sections.end())
    fail_argument("configuration", "[model]", "none", "a section [model] with a kind");
  return load_model(model->second, configuration.directory);
}

}  // namespace brink::cli
