// A fully-connected network in single precision: first values, for network.py to hold against PyTorch, then speeds.
//
//   brink_network_speed FOLDER ACTIVATION BATCH HIDDEN SECONDS
//
// FOLDER holds inputs.npy (n × d), targets.npy (n × c), theta.npy (p), direction.npy (p) and order.npy (steps × BATCH,
// sample numbers). Written there: gradient.npy and product.npy (∇L_B and ∇²L_B u of the first batch at θ), trained.npy
// (θ after all steps of heavy ball on those batches). Standard output: loss of the first batch, training steps and
// Hessian-vector products a second, from nothing and with what is kept of one θ, as JSON.

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "brink/base/parallel.hpp"
#include "brink/data/npy.hpp"
#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "brink/training/training.hpp"

namespace {

using brink::Index;
using Single = brink::VectorOf<float>;

// As network.py has them.
constexpr double kEta = 0.001;
constexpr double kMomentum = 0.9;
constexpr Index kStepsAtOnce = 64;

Single read_vector(const std::filesystem::path& file) {
  const brink::NpyArray array = brink::read_npy(file);
  return Eigen::Map<const brink::Vector>(array.values.data(), array.values.size()).cast<float>();
}

void write_vector(const std::filesystem::path& file, const Single& values) {
  brink::write_npy(file, {values.size()}, brink::Vector(values.cast<double>()).data());
}

/// Of this process: one thread, so that what else the machine does is left out.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// How often a second of processor time `work` is done, over at least `seconds`; the best of three.
template <class Work>
double rate(double seconds, double times, const Work& work) {
  work();
  double best = 0;
  for (int repetition = 0; repetition < 3; ++repetition) {
    double count = 0;
    const double start = processor_seconds();
    double spent = 0;
    do {
      work();
      count += times;
      spent = processor_seconds() - start;
    } while (spent < seconds);
    best = std::max(best, count / spent);
  }
  return best;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 6) throw std::runtime_error("need FOLDER ACTIVATION BATCH HIDDEN SECONDS");
  brink::use_single_threaded_blas();
  const std::filesystem::path folder = arguments[1];
  const Index batch_size = std::stol(arguments[3]);
  const Index hidden = std::stol(arguments[4]);
  const double seconds = std::stod(arguments[5]);
  const brink::RowMatrix inputs = brink::read_npy(folder / "inputs.npy").values;
  const brink::RowMatrix targets = brink::read_npy(folder / "targets.npy").values;
  const brink::Network network =
      brink::fully_connected({inputs.cols(), hidden, hidden, targets.cols()}, arguments[2], true);
  const auto objective = brink::make_network_objective<float>(network, inputs, targets, brink::LossKind::half_square);
  const Single start = read_vector(folder / "theta.npy");
  const Single direction = read_vector(folder / "direction.npy");

  const brink::RowMatrix numbers = brink::read_npy(folder / "order.npy").values;
  std::vector<std::uint32_t> order;
  for (Index i = 0; i < numbers.size(); ++i) order.push_back(static_cast<std::uint32_t>(numbers.data()[i]));
  const auto batch_of = [&](Index step) {
    return brink::Batch{
        std::span(order).subspan(static_cast<std::size_t>(step * batch_size), static_cast<std::size_t>(batch_size)),
        static_cast<double>(batch_size)};
  };

  Single gradient(start.size());
  Single product(start.size());
  const float loss = objective->gradient(start, batch_of(0), gradient);
  objective->hessian_product(start, batch_of(0), direction, product);
  write_vector(folder / "gradient.npy", gradient);
  write_vector(folder / "product.npy", product);

  brink::TrainingPlan plan;
  plan.rule = "heavy-ball";
  plan.parameters.momentum = kMomentum;
  plan.eta = kEta;
  const auto rule = brink::make_training_rule<float>(plan.rule, plan.parameters);
  auto moving = brink::initial_state(*rule, start);
  for (Index step = 0; step < numbers.rows(); ++step) {
    objective->gradient(moving.theta, batch_of(step), gradient);
    rule->step(kEta, gradient, {}, moving);
  }
  write_vector(folder / "trained.npy", moving.theta);

  // The whole training loop: shuffles, gradients, updates; nothing recorded on the way.
  plan.batch = {"reshuffled", batch_size, brink::LastBatch::dropped};
  plan.steps = 1'000'000'000;
  plan.record_every = plan.steps;
  auto state = brink::start_training<float>(*objective, plan, start);
  Index goal = 0;
  brink::TrainingSurroundings<float> surroundings;
  surroundings.monitor.interrupted = [&] { return state.step >= goal; };
  const double steps = rate(seconds, kStepsAtOnce, [&] {
    goal += kStepsAtOnce;
    brink::train<float>(*objective, plan, {}, state, surroundings);
  });
  if (state.step != goal) throw std::runtime_error("the training has ended: " + state.reason);
  const double products = rate(seconds, 1, [&] { objective->hessian_product(start, batch_of(0), direction, product); });
  const auto hessian = objective->hessian_at(start, batch_of(0));
  Single again(start.size());
  const double kept = rate(seconds, 1, [&] { hessian->apply(direction, again); });
  if (!((again - product).norm() <= 1e-5F * product.norm())) throw std::runtime_error("a kept Hessian differs");
  fmt::print("{{\"loss\": {:.9g}, \"steps\": {:.6g}, \"products\": {:.6g}, \"kept_products\": {:.6g}}}\n", loss, steps,
             products, kept);
} catch (const std::exception& error) {
  std::fprintf(stderr, "brink_network_speed: %s\n", error.what());
  return 2;
}
