// Alignment along a trajectory, against trajectories that share nothing with the library.

#include "brink/simulation/trajectory_alignment.hpp"

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "oracle/random.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using simulation_test::dynamics;

namespace {

/// The average of μ over `replicas` independent trajectories in parameter space, and its standard error.
std::pair<double, double> by_hand(const oracle::Example& example, double eta, int replicas, int burn_in, int steps) {
  oracle::Random random(831);
  const auto hessians = example.hessians();
  const oracle::Matrix h = example.mean_hessian();
  double sum = 0, squares = 0;
  for (int replica = 0; replica < replicas; ++replica) {
    oracle::Vector x = random.normals(example.dimension(), 1).col(0);
    double average = 0;
    for (int t = 0; t < burn_in + steps; ++t) {
      if (t >= burn_in) {
        const oracle::Vector hx = h * x;
        double noise = -hx.dot(h * hx);
        for (const auto& sample : hessians) {
          const oracle::Vector g = sample * x;
          noise += g.dot(h * g) / example.samples();
        }
        average += noise / (x.dot(hx) * h.squaredNorm()) / steps;
      }
      x -= eta * (hessians[static_cast<std::size_t>(random.below(example.samples()))] * x);
      x /= x.norm();
    }
    sum += average;
    squares += average * average;
  }
  const double mean = sum / replicas;
  return {mean, std::sqrt((squares / replicas - mean * mean) / (replicas - 1))};
}

}  // namespace

TEST_CASE("the time average of the alignment is that of trajectories by hand", "[simulation][fast]") {
  const oracle::Example example = oracle::random_rows(5, 2, 1, 832);
  const LinearizedModel model = example.model();
  for (const double eta : {0.3, 0.9}) {  // converging and diverging
    const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, eta, 833);
    const auto found = trajectory_alignment(model, *make_linear_engine(model, d), NoiseSource::samples, {8000, 200});
    const auto [expected, error] = by_hand(example, eta, 40, 100, 1000);
    INFO("eta " << eta << ": " << found.mu.value << " ± " << found.mu.error << ", by hand " << expected << " ± "
                << error);
    CHECK(std::abs(found.mu.value - expected) < 4 * std::hypot(found.mu.error, error));
    CHECK(found.mu.error < 0.05 * found.mu.value);
    CHECK(found.curve.size() == 8000);
    double mean = 0;
    for (const auto& point : found.curve) {
      mean += point.mu / 8000;
      REQUIRE(point.mu == Approx(point.direction * point.magnitude).epsilon(1e-10));
    }
    CHECK(found.mu.value == Approx(mean).epsilon(1e-10));
  }
}

TEST_CASE("isotropic Gaussian rows have the same alignment everywhere", "[simulation][fast]") {
  const LinearizedModel model = LinearizedModel::from_spectrum(Vector::Constant(4, 2.0));
  const Dynamics d = dynamics(oracle::heavy_ball(0.5), "gaussian", 2, 0.1);
  const auto found = trajectory_alignment(model, *make_linear_engine(model, d), NoiseSource::gaussian_rows, {64, 0});
  CHECK(found.mu.value == Approx(1.25).epsilon(1e-12));
  CHECK(found.mu.error < 1e-12);
  CHECK(found.direction.value == Approx(5 / std::sqrt(28.0)).epsilon(1e-12));  // Σ₁ ∝ xxᵀ/‖x‖² + I
}

TEST_CASE("a trajectory far from its scale keeps its alignment", "[simulation][fast]") {
  // 3000 steps at rates that under- and overflow a double by far.
  const LinearizedModel model = oracle::three_rows().model();
  for (const double eta : {0.3, 30.0}) {
    const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, eta);
    const auto found = trajectory_alignment(model, *make_linear_engine(model, d), NoiseSource::samples, {3000, 0});
    for (const auto& point : found.curve) {
      REQUIRE(std::isfinite(point.mu));
      REQUIRE(point.mu > 0.19);
    }
  }
}

TEST_CASE("trajectories without an alignment are refused", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, 0.3);
  const auto engine = make_linear_engine(model, d);
  CHECK_THROWS_WITH(trajectory_alignment(model, *engine, NoiseSource::samples, {63, 0}), Catch::Contains("steps = 63"));
  CHECK_THROWS_WITH(trajectory_alignment(model, *engine, NoiseSource::samples, {64, -1}), Catch::Contains("burn_in"));
  const Dynamics huge = dynamics(oracle::sgd(), "without-replacement", 1, 1e200);
  CHECK_THROWS_WITH(trajectory_alignment(model, *make_linear_engine(model, huge), NoiseSource::samples, {64, 0}),
                    Catch::Contains("overflowed"));
  const LinearizedModel axes = LinearizedModel::from_rows(RowMatrix::Identity(2, 2), 1, 2.3e-16);
  const Dynamics exact = dynamics(oracle::sgd(), "without-replacement", 2, 2.0);
  CHECK_THROWS_WITH(trajectory_alignment(axes, *make_linear_engine(axes, exact), NoiseSource::samples, {64, 0}),
                    Catch::Contains("reached the minimum exactly"));
}
