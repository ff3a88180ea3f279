// Trajectories over shuffled epochs: each epoch is one of the orders, all orders are equally likely, and growth and
// threshold are those of the exact epoch operator.

#include "brink/simulation/reshuffled_engine.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "brink/base/error.hpp"
#include "brink/simulation/measured_threshold.hpp"
#include "brink/simulation/noise_free.hpp"
#include "brink/statistics/intervals.hpp"
#include "oracle/epochs.hpp"
#include "oracle/random.hpp"
#include "oracle/second_moment.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

/// The engine's state as the lifted state (x, m) in parameter space.
Vector in_parameters(const LinearizedModel& model, const double* state, Index length, Index states) {
  const Index p = model.basis().rows();
  Vector z(states * p);
  for (Index s = 0; s < states; ++s)
    z.segment(s * p, p) = model.basis() * Eigen::Map<const Vector>(state + s * length, model.rank());
  return z;
}

double exact_log_growth(const oracle::Example& example, const oracle::Rule& rule, int batch_size, bool drop,
                        double eta) {
  return oracle::log_growth(oracle::epoch_second_moment(example.hessians(), batch_size, drop, rule.reference(), eta));
}

}  // namespace

TEST_CASE("an epoch of the engine is one of the orders, all equally likely", "[simulation][fast]") {
  constexpr Index replicas = 4000;
  for (const auto& example :
       {oracle::random_rows(4, 3, 1, 841), oracle::random_rows(4, 3, 2, 842), oracle::random_indefinite(4, 3, 843)})
    for (const auto& rule : {oracle::sgd(), oracle::nesterov(0.7)})
      for (const bool drop : {false, true}) {
        INFO(example.name << ", " << rule.label() << (drop ? ", dropped" : ""));
        const LinearizedModel model = example.model();
        const Dynamics d = dynamics(rule, "without-replacement", 1, 0.17, 844);
        const Epoch epoch{4, 3, drop ? LastBatch::dropped : LastBatch::smaller};
        const auto engine = make_reshuffled_engine(model, epoch, d);
        const Index k = d.rule->states(), length = engine->state_size() / k;
        const auto products = oracle::all_epochs(example.hessians(), 3, drop, rule.reference(), 0.17);
        oracle::Random random(845);
        RowMatrix states = RowMatrix::Zero(replicas, engine->state_size());
        Vector start(engine->state_size());
        start.setZero();
        for (Index s = 0; s < k; ++s)
          for (Index j = 0; j < model.rank(); ++j) start[s * length + j] = random.normal();
        states.rowwise() = start.transpose();
        const Vector before = in_parameters(model, start.data(), length, k);
        engine->advance(5, 0, replicas, states.data());
        // Of the 24 orders the 4 choices of the last sample differ.
        std::map<std::vector<long>, int> seen;
        for (Index i = 0; i < replicas; ++i) {
          const Vector after = in_parameters(model, states.row(i).data(), length, k);
          double nearest = 1e300;
          for (const auto& product : products) nearest = std::min(nearest, (product * before - after).norm());
          REQUIRE(nearest < 1e-12 * before.norm());
          std::vector<long> rounded;
          for (const double entry : after) rounded.push_back(std::lround(entry * 1e9));
          ++seen[rounded];
        }
        REQUIRE(seen.size() == 4);
        double chi_squared = 0;
        for (const auto& [state, count] : seen) chi_squared += std::pow(count - replicas / 4.0, 2) / (replicas / 4.0);
        CHECK(chi_squared_p(chi_squared, 3) > 1e-3);
      }
}

TEST_CASE("cloning from epoch to epoch measures the exact growth", "[simulation][fast]") {
  const oracle::Example example = oracle::three_rows();
  const LinearizedModel model = example.model();
  struct Case {
    oracle::Rule rule;
    int batch_size;
    LastBatch last;
    double eta;
  };
  for (const Case& c :
       {Case{oracle::sgd(), 1, LastBatch::smaller, 0.9}, Case{oracle::sgd(), 2, LastBatch::smaller, 0.8},
        Case{oracle::heavy_ball(0.5), 2, LastBatch::dropped, 1.1},
        Case{oracle::heavy_ball(0.9), 1, LastBatch::smaller, 0.4}}) {
    const Epoch epoch{3, c.batch_size, c.last};
    const Dynamics d = dynamics(c.rule, "without-replacement", c.batch_size, c.eta, 846);
    const auto estimate = cloning_growth(*make_reshuffled_engine(model, epoch, d), d, options(1024, 512, 64));
    const double exact = exact_log_growth(example, c.rule, c.batch_size, c.last == LastBatch::dropped, c.eta);
    INFO(c.rule.label() << " B=" << c.batch_size << ": " << estimate.log_growth.value << " ± "
                        << estimate.log_growth.error << ", exact " << exact);
    CHECK(std::abs(estimate.log_growth.value - exact) < 4 * estimate.log_growth.error + 1e-9);
    CHECK(estimate.log_growth.error < 0.02);
  }
}

TEST_CASE("the measured threshold of shuffled epochs is that of all permutations", "[simulation]") {
  const oracle::Example example = oracle::random_rows(6, 2, 1, 847);
  const LinearizedModel model = example.model();
  for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.9)}) {
    const Epoch epoch{6, 2, LastBatch::smaller};
    const auto make = [&](const Dynamics& at) { return make_reshuffled_engine(model, epoch, at); };
    const oracle::SecondMoment moment = [&](double eta) {
      return oracle::epoch_second_moment(example.hessians(), 2, false, rule.reference(), eta);
    };
    const double exact = oracle::threshold(moment, 0.05);
    const Dynamics d = dynamics(rule, "without-replacement", 2, 0, 848);
    const auto measured = measure_threshold(make, d, exact * 1.2, options(1024, 256, 32));
    INFO(rule.label() << ": " << measured.eta.value << " ± " << measured.eta.error << ", exact " << exact);
    CHECK(std::abs(measured.eta.value - exact) < 4 * measured.eta.error);
    CHECK(measured.eta.error < 0.01 * exact);
  }
}

TEST_CASE("one whole batch an epoch is the full batch", "[simulation][fast]") {
  const LinearizedModel model = oracle::random_rows(5, 3, 1, 849).model();
  const Dynamics d = dynamics(oracle::heavy_ball(0.6), "without-replacement", 5, 0.4);
  const auto epochs = make_reshuffled_engine(model, {5, 5, LastBatch::dropped}, d);
  // The order of a sum moves its last bits, so the map is compared state by state.
  const auto steps = make_linear_engine(model, d);
  Vector one(epochs->state_size()), other(epochs->state_size());
  epochs->initialize(3, one.data());
  steps->initialize(3, other.data());
  for (std::uint32_t t = 0; t < 10; ++t) {
    epochs->advance(t, 3, 1, one.data());
    steps->advance(t, 3, 1, other.data());
    CHECK((one - other).norm() < 1e-13);
  }
}

TEST_CASE("shuffled epochs do not depend on threads and refuse what they cannot run", "[simulation][fast]") {
  const LinearizedModel model = oracle::random_rows(20, 5, 1, 850).model();
  const Dynamics d = dynamics(oracle::heavy_ball(0.5), "without-replacement", 3, 0.2);
  const auto engine = make_reshuffled_engine(model, {20, 3, LastBatch::smaller}, d);
  auto one = options(200, 64, 4);
  auto two = one;
  two.threads = 2;
  CHECK(cloning_growth(*engine, d, one).log_growth.value == cloning_growth(*engine, d, two).log_growth.value);
  CHECK_THROWS_AS(make_reshuffled_engine(model, {19, 3, LastBatch::smaller}, d), InvalidInput);
  CHECK_THROWS_AS(make_reshuffled_engine(model, {20, 21, LastBatch::smaller}, d), InvalidInput);
  CHECK_THROWS_AS(make_reshuffled_engine(LinearizedModel::from_spectrum(Vector::Ones(2)), {2, 1, {}}, d), InvalidInput);
}
