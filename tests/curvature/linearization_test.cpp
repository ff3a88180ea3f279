// Linear stability at a point of training, against the model made from the same rows and dense covariances.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/curvature/linearization.hpp"
#include "brink/stability/mean_square.hpp"
#include "curvature/example_objective.hpp"

using brink::Index;
using brink::Matrix;
using brink::Vector;
using brink::test::ExampleObjective;

TEST_CASE("the linearization at a point has the thresholds of its Gauss-Newton rows", "[curvature][fast]") {
  const auto rule = brink::make_update_rule("heavy-ball", {.momentum = 0.5});
  const auto law = brink::make_batch_law("without-replacement");
  for (const Index parameters : {5, 40}) {  // rows, Gram matrix
    const ExampleObjective<double> problem(8, 2, parameters, 0.1, 21);
    const Vector theta = Vector::LinSpaced(parameters, -0.3, 0.3);
    const auto model = brink::linearize_at<double>(problem, theta);
    brink::RowMatrix rows(16, parameters);
    for (Index i = 0; i < 16; ++i) rows.row(i) = problem.row(theta, i);
    const auto direct = brink::LinearizedModel::from_rows(rows, 2, 2e-16);
    CHECK(model.spectrum().isApprox(direct.spectrum(), 1e-9));
    const auto expected = mean_square_threshold(direct, *rule, *law, 2);
    const double eta = 0.7 * expected.eta;
    const auto found = linear_stability(model, *rule, law, 2, eta, 8);
    CHECK(found.eta_mean_square.value == Approx(expected.eta).epsilon(1e-8));
    CHECK(found.eta_over_threshold == Approx(0.7).epsilon(1e-8));
    CHECK(found.eta_deterministic.value == Approx(3 / direct.lambda_max()).epsilon(1e-9));
    REQUIRE(found.noise_kernel_norm);
    CHECK(found.noise_kernel_norm->value < 1);
    CHECK(linear_stability(model, *rule, law, 2, expected.eta, 8).noise_kernel_norm->value == Approx(1).epsilon(1e-6));
    CHECK_FALSE(linear_stability(model, *rule, law, 8, 100 * expected.eta, 8).noise_kernel_norm);
    // As a subsample of a larger data set the same rows make more noise at the same batch size.
    CHECK(linear_stability(model, *rule, law, 2, eta, 1000).eta_mean_square.value < expected.eta);
    CHECK_THROWS_AS(linear_stability(model, *rule, law, 2, eta, 7), brink::InvalidInput);
  }
}

TEMPLATE_TEST_CASE("alignment along training is that of dense covariances", "[curvature][fast]", float, double) {
  const ExampleObjective<TestType> problem(9, 2, 6, 0.1, 5);
  const Vector theta = Vector::LinSpaced(6, -0.5, 0.9).cast<TestType>().template cast<double>();
  const std::vector<std::uint32_t> subset = {0, 3, 4, 7};
  const brink::Batch batch{subset, 4};
  Matrix noise = Matrix::Zero(6, 6);
  Matrix gauss_newton = Matrix::Zero(6, 6);
  double loss = 0;
  const Vector mean = problem.dense_gradient(theta, batch);
  for (const std::uint32_t k : subset) {
    const std::vector<std::uint32_t> one = {k};
    const Vector g = problem.dense_gradient(theta, {one, 1}) - mean;
    noise += g * g.transpose() / 4;
    for (Index j = 0; j < 2; ++j) {
      const Vector a = problem.row(theta, 2 * static_cast<Index>(k) + j);
      gauss_newton += a * a.transpose() / 4;
      loss += 0.5 * std::pow(problem.residual(theta, 2 * static_cast<Index>(k) + j), 2) / 4;
    }
  }
  const double along = (noise * gauss_newton).trace();
  const auto found = brink::training_alignment<TestType>(problem, theta.cast<TestType>(), subset);
  const double accuracy = std::is_same_v<TestType, float> ? 1e-5 : 1e-12;
  CHECK(found.mu == Approx(along / (2 * loss * gauss_newton.squaredNorm())).epsilon(accuracy));
  CHECK(found.direction == Approx(along / (noise.norm() * gauss_newton.norm())).epsilon(accuracy));
  CHECK(found.mu == Approx(found.direction * found.magnitude).epsilon(1e-12));
  CHECK(found.error < 1e-4 * found.mu);
  CHECK_THROWS_AS(brink::training_alignment<TestType>(problem, theta.cast<TestType>(), {9}), brink::InvalidInput);
}
