#pragma once
// The sections of a training run, and the plan they make.

#include <optional>

#include "brink/network/trainable_problem.hpp"
#include "brink/training/minimum.hpp"
#include "brink/training/training.hpp"
#include "configuration.hpp"
#include "sections.hpp"

namespace brink::cli {

/// The probes, for help.
[[nodiscard]] std::string probe_names();

/// [training]. Rule, momentum and batch are those of [optimizer] and [batch], so that the file of a training run serves
/// the other commands too.
struct TrainingSection {
  double eta = 0.1;
  std::int64_t steps = 1000;
  std::int64_t warm_up = 0;
  std::int64_t record_every = 1;
  std::string precision = "double";
  std::vector<std::string> probes;
  double probe_error = 0.05;
  std::int64_t probe_batches = 1024;
  std::string reference;
  std::vector<std::string> stop;
  std::string plateau_quantity = "loss";
  std::int64_t plateau_window = 0;
  double plateau_tolerance = 0.01;
  double diverged_above = 0;
  std::vector<std::string> interventions;
  bool minimum = false;
  double gradient_tolerance = MinimumOptions{}.gradient_tolerance;
  std::int64_t max_iterations = MinimumOptions{}.max_iterations;
  std::string last_batch = "smaller";
  double label_noise = 0;
  double sam_radius = 0;
  std::string noise_covariance;
  double second_momentum = -1;
  double epsilon = 1e-8;
  double tolerance = 1e-8;
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("eta", self.eta, "step size η; of gradient-flow the time of one step", "a number > 0");
    field("steps", self.steps, "steps, if nothing ends the run before", "an integer in 0..4294967295");
    field("warm_up", self.warm_up, "the first steps grow linearly to η", "an integer >= 0");
    field("record_every", self.record_every,
          "steps between records (loss and gradient norm of all samples); an odd number, or oscillations of period 2 "
          "are seen from one side",
          "an integer >= 1");
    field("precision", self.precision, "of parameters and gradients", "double or float");
    field("probes", self.probes, "curvature at every record, each with its error", "names among " + probe_names());
    field("probe_error", self.probe_error, "wanted relative standard error of the probes that draw batches or vectors",
          "a number > 0");
    field("probe_batches", self.probe_batches, "most batches that a probe draws", "an integer >= 16");
    field("reference", self.reference,
          "parameters from which the probe distance is measured, such as theta.npy of another run; empty: none",
          "a file, .npy");
    field("stop", self.stop, "the run ends at the first record for which one holds",
          "texts such as \"loss < 1e-6\" or \"gradient_norm < 1e-8\"");
    field("plateau_quantity", self.plateau_quantity, "what the plateau rule looks at", "a column of the record");
    field("plateau_window", self.plateau_window,
          "the run ends when the mean of this many records differs from that of as many before by less than "
          "plateau_tolerance; 0: never",
          "an integer >= 0");
    field("plateau_tolerance", self.plateau_tolerance, "relative", "a number > 0");
    field("diverged_above", self.diverged_above, "a loss above this ends the run as diverged; 0: only infinity does",
          "a number >= 0");
    field("interventions", self.interventions, "changes in the middle of the run",
          "texts such as \"step 500: eta = 0.2\" or \"loss < 1e-3: batch = 8, buffers = zero\"; changes are eta, "
          "momentum, batch, buffers = keep | zero, model = quadratic | gauss-newton");
    field("minimum", self.minimum, "after training, go to the minimum itself, in double precision", "true or false");
    field("gradient_tolerance", self.gradient_tolerance,
          "the minimum is reached when the gradient norm is below this times λ_max ‖θ‖", "a number > 0");
    field("max_iterations", self.max_iterations, "of each method on the way to the minimum", "an integer >= 1");
    field("last_batch", self.last_batch, "of a shuffled epoch whose batch size does not divide the number of samples",
          "smaller or dropped");
    field("label_noise", self.label_noise, "standard deviation of fresh noise on the targets at every step",
          "a number >= 0");
    field("sam_radius", self.sam_radius, "ρ of sharpness-aware minimization; 0: none", "a number >= 0");
    field("noise_covariance", self.noise_covariance,
          "covariance of Gaussian noise that is added to every gradient, (p, p); empty: none", "a file, .npy");
    field("second_momentum", self.second_momentum, "α of rmsprop, β₂ of adam; negative: 0.99 and 0.999",
          "a number < 1");
    field("epsilon", self.epsilon, "ε of rmsprop and adam", "a number >= 0");
    field("tolerance", self.tolerance, "error of one inner step of gradient-flow", "a number in [1e-13, 0.1]");
    field("seed", self.seed, "seed of every random stream", "an integer >= 0");
  }
};

/// A training run as its configuration describes it.
struct TrainJob {
  OptimizerSection optimizer;
  BatchSection batch;
  TrainingSection training;
  TrainingPlan plan;
  Vector reference;   ///< of the probe distance; empty: none
  Sections sections;  ///< resolved, without [model]
};

/// Throws InvalidInput for what is wrong in the sections. `samples` and `parameters` are those of the problem.
[[nodiscard]] TrainJob read_train_job(const Configuration& configuration, std::optional<std::uint64_t> seed,
                                      Index samples, Index parameters);

}  // namespace brink::cli
