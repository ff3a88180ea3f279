#include "train_job.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/curvature/curvature_probes.hpp"
#include "brink/data/npy.hpp"
#include "sections.hpp"

namespace brink::cli {
namespace {

template <class Value>
void check_one(const std::vector<Value>& values, const char* section, const char* key) {
  check_argument(values.size() == 1, section, key, fmt::format("{} values", values.size()),
                 "one value: another one is another run");
}

/// Adds what was not given, and refuses lists.
void resolve(OptimizerSection& optimizer, BatchSection& batch, Index samples) {
  check_one(optimizer.rule, "[optimizer]", "rule");
  const std::string& rule = optimizer.rule.front();
  const bool without = rule == "sgd" || rule == "rmsprop" || rule == "gradient-flow";
  if (optimizer.momentum.empty()) optimizer.momentum = {without ? 0 : kUsualMomentum};
  check_one(optimizer.momentum, "[optimizer]", "momentum");
  if (batch.size.empty() || batch.size == std::vector<std::int64_t>{0}) batch.size = {samples};
  check_one(batch.size, "[batch]", "size");
  check_one(batch.sampling, "[batch]", "sampling");
}

RowMatrix read_covariance(const std::filesystem::path& file, Index parameters) {
  const NpyHeader header = read_npy_header(file);
  check_argument(header.shape == std::vector<Index>{parameters, parameters}, "[training]", "noise_covariance",
                 fmt::format("{} of shape {}", file.string(), shape_text(header.shape)),
                 fmt::format("shape ({0}, {0}): one row and column a parameter", parameters));
  require_memory(32.0 * static_cast<double>(parameters) * static_cast<double>(parameters), "noise_covariance");
  return covariance_factor(read_npy(file).values);
}

}  // namespace

std::string probe_names() { return fmt::format("{}", fmt::join(curvature_probe_names(), ", ")); }

TrainJob read_train_job(const Configuration& configuration, std::optional<std::uint64_t> seed, Index samples,
                        Index parameters) {
  TrainJob job;
  job.batch.size.clear();  // none given: all samples
  read_section(configuration, "optimizer", job.optimizer);
  read_section(configuration, "batch", job.batch);
  read_section(configuration, "training", job.training);
  TrainingSection& training = job.training;
  if (seed) training.seed = *seed;
  check_argument(training.precision == "double" || training.precision == "float", "[training]", "precision",
                 training.precision, "double or float");
  check_argument(training.diverged_above >= 0, "[training]", "diverged_above", training.diverged_above,
                 "a number >= 0");
  check_argument(training.gradient_tolerance > 0, "[training]", "gradient_tolerance", training.gradient_tolerance,
                 "a number > 0");
  check_argument(training.max_iterations >= 1, "[training]", "max_iterations", training.max_iterations,
                 "an integer >= 1");
  resolve(job.optimizer, job.batch, samples);

  TrainingPlan& plan = job.plan;
  plan.rule = job.optimizer.rule.front();
  plan.parameters.momentum = job.optimizer.momentum.front();
  plan.parameters.nu = job.optimizer.nu;
  plan.parameters.dampening = job.optimizer.dampening;
  plan.parameters.weight_decay = job.optimizer.weight_decay;
  plan.parameters.second_momentum = training.second_momentum;
  plan.parameters.epsilon = training.epsilon;
  plan.parameters.tolerance = training.tolerance;
  plan.eta = training.eta;
  plan.warm_up = training.warm_up;
  plan.batch = {job.batch.sampling.front(), job.batch.size.front(), last_batch_of(training.last_batch)};
  plan.gradient.label_noise = training.label_noise;
  plan.gradient.sam_radius = training.sam_radius;
  if (!training.noise_covariance.empty())
    plan.gradient.noise_factor = read_covariance(configuration.directory / training.noise_covariance, parameters);
  if (!training.reference.empty())
    job.reference =
        read_parameters(configuration.directory / training.reference, parameters, "[training]", "reference");
  plan.steps = training.steps;
  plan.record_every = training.record_every;
  for (const auto& text : training.stop) plan.stop.push_back(parse_condition(text));
  plan.plateau = {training.plateau_quantity, training.plateau_window, training.plateau_tolerance};
  if (training.diverged_above > 0) plan.diverged_above = training.diverged_above;
  for (const auto& text : training.interventions) plan.interventions.push_back(parse_intervention(text));
  plan.seed = training.seed;
  job.sections = {{"optimizer", write_options(job.optimizer)},
                  {"batch", write_options(job.batch)},
                  {"training", write_options(job.training)}};
  return job;
}

}  // namespace brink::cli
