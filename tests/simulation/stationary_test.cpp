#include <catch2/catch.hpp>

#include "brink/statistics/time_series.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using simulation_test::dynamics;

TEST_CASE("with gradient noise the state has the stationary covariance of its recursion", "[simulation][fast]") {
  // SGD, B = 1: X = E[(I − ηH_k) X (I − ηH_k)] + η² E b_k b_kᵀ, the mean being zero, solved by iteration.
  const oracle::Example example = oracle::with_gradients(oracle::three_rows(), 3);
  const LinearizedModel model = example.model();
  constexpr double eta = 0.25;
  const std::vector<Matrix> hessians = example.hessians();
  Matrix covariance = Matrix::Zero(2, 2);
  for (int i = 0; i < 2000; ++i) {
    Matrix next = Matrix::Zero(2, 2);
    for (int k = 0; k < 3; ++k) {
      const Matrix map = Matrix::Identity(2, 2) - eta * hessians[static_cast<std::size_t>(k)];
      const Vector b = example.gradients.row(k).transpose();
      next += (map * covariance * map.transpose() + eta * eta * b * b.transpose()) / 3;
    }
    covariance = next;
  }

  const Dynamics d = dynamics(oracle::sgd(), "without-replacement", 1, eta);
  const auto engine = make_linear_engine(model, d, true);
  constexpr Index replicas = 64;
  RowMatrix states(replicas, engine->state_size());
  for (std::uint32_t i = 0; i < replicas; ++i) engine->initialize(i, states.row(i).data());
  std::vector<double> trace;
  std::vector<double> loss;
  const Matrix curvature = model.spectrum().asDiagonal();
  const Matrix rotated = model.basis().transpose() * covariance * model.basis();
  for (std::uint32_t step = 0; step < 12'100; ++step) {
    engine->advance(step, 0, replicas, states.data());
    if (step < 100) continue;
    trace.push_back(states.leftCols(2).squaredNorm() / replicas);
    loss.push_back((states.leftCols(2) * curvature.cwiseSqrt()).squaredNorm() / replicas);
  }
  const BatchMeans measured_trace = batch_means(trace, 32);
  const BatchMeans measured_loss = batch_means(loss, 32);
  CAPTURE(measured_trace.mean, covariance.trace(), measured_trace.standard_error);
  CHECK(measured_trace.standard_error < 0.01 * covariance.trace());
  CHECK(std::abs(measured_trace.mean - covariance.trace()) < 4 * measured_trace.standard_error);
  CHECK(std::abs(measured_loss.mean - (curvature * rotated).trace()) < 4 * measured_loss.standard_error);
}
