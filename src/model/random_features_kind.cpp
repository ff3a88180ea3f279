#include <limits>

#include "brink/base/memory.hpp"
#include "brink/model/least_squares.hpp"
#include "brink/model/random_features.hpp"
#include "kinds.hpp"
#include "supervised_data.hpp"

namespace brink {
namespace {

struct RandomFeaturesOptions : SupervisedOptions {
  std::int64_t features = 1024;
  std::string activation = "relu";
  double weight_scale = 1;

  RandomFeaturesOptions() {
    center = true;
    scaling = "global";
  }

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    SupervisedOptions::visit(self, field);
    field("features", self.features, "m, the number of random features", "an integer >= 1");
    field(
        "activation", self.activation,
        "s in phi_i = s(z_i)/sqrt(m), or sqrt(2/m) cos(z_i + phase) for \"fourier\"; z_i = weight_scale*w_i.x/sqrt(d)",
        "\"relu\", \"tanh\", \"erf\" or \"fourier\"");
    field("weight_scale", self.weight_scale, "standard deviation of z_i for an input of mean square 1",
          "a finite number > 0");
  }
};

LoadedModel load_random_features(const OptionTable& table, const std::filesystem::path& directory) {
  RandomFeaturesOptions options;
  read_options("model", table, options);
  const SupervisedData data = read_supervised(options, directory);
  require_memory(16.0 * static_cast<double>(data.inputs.rows()) * static_cast<double>(options.features) +
                     linearization_bytes(data.inputs.rows(), options.features),
                 "model: random-features");
  RowMatrix features =
      random_features(data.inputs, {options.features, options.activation, options.weight_scale, options.seed});
  LeastSquares solved = solve_least_squares(std::move(features), data.targets, std::numeric_limits<double>::epsilon());
  LoadedModel loaded{std::move(solved.model), std::move(solved.problem), {}, write_options(options), data.notes};
  for (auto& note : residual_notes(solved.relative_residual)) loaded.notes.push_back(std::move(note));
  return loaded;
}

}  // namespace

ModelKind random_features_kind() {
  return {"random-features", "Least squares on random features of Fashion-MNIST or a CSV file.",
          describe_options<RandomFeaturesOptions>(), load_random_features};
}

}  // namespace brink
