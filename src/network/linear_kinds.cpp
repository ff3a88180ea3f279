// Least squares on inputs, or on random features of them, as problems to train. The keys are those of the models of the
// same name, which know their minimum without training.

#include "../model/supervised_data.hpp"
#include "brink/base/memory.hpp"
#include "brink/model/random_features.hpp"
#include "brink/network/linear_model.hpp"
#include "brink/sampling/philox.hpp"
#include "builtin_kinds.hpp"

namespace brink {
namespace {

struct LinearOptions : SupervisedOptions {
  double initial_scale = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    SupervisedOptions::visit(self, field);
    field("initial_scale", self.initial_scale, "weights start as this times N(0, 1/features)", "a finite number >= 0");
  }
};

struct TrainableRegressionOptions : LinearOptions {
  bool intercept = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    LinearOptions::visit(self, field);
    field("intercept", self.intercept, "append a constant column of ones to the inputs", "true or false");
  }
};

struct TrainableFeaturesOptions : LinearOptions {
  std::int64_t features = 1024;
  std::string activation = "relu";
  double weight_scale = 1;

  TrainableFeaturesOptions() {
    center = true;
    scaling = "global";
  }

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    LinearOptions::visit(self, field);
    field("features", self.features, "m, the number of random features", "an integer >= 1");
    field("activation", self.activation, "of the random features", "\"relu\", \"tanh\", \"erf\" or \"fourier\"");
    field("weight_scale", self.weight_scale, "standard deviation of what is activated, for an input of mean square 1",
          "a finite number > 0");
  }
};

Vector random_start(Index outputs, Index features, double scale, std::uint64_t seed) {
  check_argument(scale >= 0 && std::isfinite(scale), "model", "initial_scale", scale, "a finite number >= 0");
  Vector start = Vector::Zero(outputs * features);
  if (scale == 0) return start;
  Philox random(seed, Purpose::initial_state, 0, 0);
  for (double& each : start) each = scale / std::sqrt(static_cast<double>(features)) * random.normal();
  return start;
}

template <class Options>
TrainableProblem linear_problem(RowMatrix features, SupervisedData data, const Options& options) {
  TrainableProblem problem;
  problem.start = random_start(data.targets.cols(), features.cols(), options.initial_scale, options.seed);
  const auto shared = std::make_shared<const std::pair<RowMatrix, RowMatrix>>(std::move(features), data.targets);
  problem.single = [shared] { return make_linear_model<float>(shared->first, shared->second); };
  problem.precise = [shared] { return make_linear_model<double>(shared->first, shared->second); };
  problem.resolved = write_options(options);
  problem.notes = std::move(data.notes);
  return problem;
}

TrainableProblem load_regression(const OptionTable& table, const std::filesystem::path& directory) {
  TrainableRegressionOptions options;
  read_options("model", table, options);
  SupervisedData data = read_supervised(options, directory);
  RowMatrix inputs = data.inputs;
  if (options.intercept) {
    inputs.conservativeResize(Eigen::NoChange, inputs.cols() + 1);
    inputs.rightCols(1).setOnes();
  }
  return linear_problem(std::move(inputs), std::move(data), options);
}

TrainableProblem load_random_features(const OptionTable& table, const std::filesystem::path& directory) {
  TrainableFeaturesOptions options;
  read_options("model", table, options);
  SupervisedData data = read_supervised(options, directory);
  require_memory(24.0 * static_cast<double>(data.inputs.rows()) * static_cast<double>(options.features),
                 "model: random-features");
  RowMatrix features =
      random_features(data.inputs, {options.features, options.activation, options.weight_scale, options.seed});
  return linear_problem(std::move(features), std::move(data), options);
}

}  // namespace

TrainableKind trainable_regression_kind() {
  return {"regression", "Least squares on Fashion-MNIST or a CSV file.", describe_options<TrainableRegressionOptions>(),
          load_regression};
}

TrainableKind trainable_random_features_kind() {
  return {"random-features", "Least squares on random features of Fashion-MNIST or a CSV file.",
          describe_options<TrainableFeaturesOptions>(), load_random_features};
}

}  // namespace brink
