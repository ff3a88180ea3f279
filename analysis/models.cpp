#include "analysis/models.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "brink/data/data_set.hpp"
#include "brink/model/quadratic_ensemble.hpp"
#include "brink/model/random_features.hpp"
#include "brink/network/models.hpp"
#include "brink/report/table.hpp"

namespace brink::analysis {

constexpr double kDoubleEpsilon = std::numeric_limits<double>::epsilon();

LinearizedModel gaussian_model(Index samples, Index dimension, double exponent, std::uint64_t seed) {
  const Vector spectrum = power_law_spectrum(dimension, exponent);
  return LinearizedModel::from_rows(quadratic_rows(spectrum, samples, 1, "gaussian", 0, seed), 1, kDoubleEpsilon);
}

Images images(Index samples, int classes, std::uint64_t seed, bool scaled) {
  SampleSelection selection;
  for (int c = 0; c < classes; ++c) selection.classes.push_back(c);
  selection.samples = samples;
  selection.order = "shuffled";
  selection.seed = seed;
  DataSet data = read_fashion_mnist("train", selection);
  if (scaled) {
    center_columns(data.inputs);
    scale_inputs(data.inputs, "samples");
  }
  return {std::move(data.inputs), class_targets(data.labels, selection.classes, 0)};
}

LeastSquares feature_model(Index samples, Index features, const std::string& activation, std::uint64_t seed) {
  const Images data = images(samples, 2, seed);
  RandomFeatures map;
  map.features = features;
  map.activation = activation;
  map.seed = seed;
  return solve_least_squares(random_features(data.inputs, map), data.targets, kDoubleEpsilon);
}

std::shared_ptr<const NetworkObjective<float>> Task::single() const {
  return make_network_objective<float>(network, inputs, targets, LossKind::half_square);
}

std::shared_ptr<const NetworkObjective<double>> Task::precise() const {
  return make_network_objective<double>(network, inputs, targets, LossKind::half_square);
}

namespace {

RowMatrix gaussian(std::mt19937_64& random, Index rows, Index columns, double scale) {
  std::normal_distribution<double> normal;
  RowMatrix m(rows, columns);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = scale * normal(random);
  return m;
}

/// What a random network with one hidden layer makes of the inputs.
RowMatrix teacher_scores(std::mt19937_64& random, const RowMatrix& inputs, Index width, Index outputs) {
  const RowMatrix first = gaussian(random, inputs.cols(), width, 1 / std::sqrt(static_cast<double>(inputs.cols())));
  const RowMatrix second = gaussian(random, width, outputs, 1 / std::sqrt(static_cast<double>(width)));
  return (inputs * first).array().tanh().matrix() * second;
}

}  // namespace

Task teacher_task(std::uint64_t seed) {
  constexpr Index samples = 1024, inputs = 32, classes = 4, width = 64;
  std::mt19937_64 random(1000 + seed);
  Task task;
  task.network = fully_connected({inputs, width, width, classes}, "tanh", true);
  task.inputs = gaussian(random, samples, inputs, 1);
  const RowMatrix scores = teacher_scores(random, task.inputs, width, classes);
  task.targets = RowMatrix::Zero(samples, classes);
  std::uniform_real_distribution<double> uniform;
  std::uniform_int_distribution<Index> any(0, classes - 1);
  for (Index k = 0; k < samples; ++k) {
    Index best = 0;
    scores.row(k).maxCoeff(&best);
    const bool is_random = uniform(random) < 0.3;
    const Index other = any(random);
    task.targets(k, is_random ? other : best) = 1;
  }
  return task;
}

Task small_task(std::uint64_t seed) {
  constexpr Index samples = kSmallTaskSamples, inputs = 16, width = 24;
  std::mt19937_64 random(2000 + seed);
  Task task;
  task.network = fully_connected({inputs, width, width, 1}, "tanh", true);
  task.inputs = gaussian(random, samples, inputs, 1);
  const RowMatrix scores = teacher_scores(random, task.inputs, width, 1);
  task.targets = RowMatrix(samples, 1);
  std::uniform_real_distribution<double> uniform;
  for (Index k = 0; k < samples; ++k) {
    const bool is_random = uniform(random) < 0.2;
    const bool positive = is_random ? uniform(random) < 0.5 : scores(k, 0) > 0;
    task.targets(k, 0) = positive ? 1 : -1;
  }
  return task;
}

Task image_task(Index samples, int classes, const std::vector<Index>& hidden, const std::string& activation,
                std::uint64_t seed) {
  Images data = images(samples, classes, seed);
  std::vector<Index> widths = {data.inputs.cols()};
  widths.insert(widths.end(), hidden.begin(), hidden.end());
  widths.push_back(data.targets.cols());
  return {fully_connected(widths, activation, true), std::move(data.inputs), std::move(data.targets)};
}

std::unique_ptr<UpdateRule> rule_with(const std::string& name, double momentum) {
  RuleParameters parameters;
  parameters.momentum = momentum;
  return make_update_rule(name, parameters);
}

std::string label(const std::string& name, double value) { return name + " = " + shortest(value); }

}  // namespace brink::analysis
