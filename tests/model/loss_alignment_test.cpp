// The alignment of gradient noise with the curvature, against its definition in parameter space.

#include "brink/model/loss_alignment.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using brink::LossAlignment;
using brink::NoiseSource;
using oracle::Example;
using oracle::Matrix;
using oracle::Vector;

namespace {

/// The definition, for x of covariance X in parameter space.
LossAlignment by_definition(const Example& example, const Matrix& x) {
  const Matrix h = example.mean_hessian();
  Matrix noise = -h * x * h;
  for (const auto& sample : example.hessians()) noise += sample * x * sample / example.samples();
  const double twice_loss = (h * x).trace();
  LossAlignment alignment;
  alignment.mu = (noise * h).trace() / (twice_loss * h.squaredNorm());
  alignment.direction = (noise * h).trace() / (noise.norm() * h.norm());
  alignment.magnitude = noise.norm() / (twice_loss * h.norm());
  return alignment;
}

void check_equal(const LossAlignment& found, const LossAlignment& expected) {
  CHECK(found.mu == Approx(expected.mu).epsilon(1e-10));
  CHECK(found.direction == Approx(expected.direction).epsilon(1e-10));
  CHECK(found.magnitude == Approx(expected.magnitude).epsilon(1e-10));
  CHECK(found.mu == Approx(found.direction * found.magnitude).epsilon(1e-12));
  CHECK(std::abs(found.mu - expected.mu) < 20 * found.error + 1e-15);
}

}  // namespace

TEST_CASE("alignment is what its definition says, for vectors and covariances", "[fast][model]") {
  oracle::Random random(801);
  for (const auto& example :
       {oracle::three_rows(), oracle::random_rows(7, 3, 1, 802), oracle::random_rows(3, 3, 2, 803),
        oracle::random_rows(2, 5, 1, 804), oracle::random_indefinite(8, 3, 805)}) {
    INFO(example.name);
    const auto model = example.model();
    for (int draw = 0; draw < 5; ++draw) {
      // Inside the range of H, where the model lives.
      const Vector x = model.basis() * random.normals(static_cast<int>(model.rank()), 1).col(0);
      const Vector inside = model.basis().transpose() * x;
      check_equal(brink::loss_alignment(model, inside), by_definition(example, x * x.transpose()));
      check_equal(brink::loss_alignment(model, Vector(-1e3 * inside)), by_definition(example, x * x.transpose()));
      const Matrix factor = model.basis() * random.normals(static_cast<int>(model.rank()), 2);
      const Matrix covariance = factor * factor.transpose();
      const Matrix rotated = model.basis().transpose() * covariance * model.basis();
      check_equal(brink::loss_alignment(model, rotated), by_definition(example, covariance));
    }
  }
}

TEST_CASE("one parameter: the factor is the variance of the curvature over its square", "[fast][model]") {
  Example example{"curvatures 1, 2 and 6", Matrix(3, 1)};
  example.rows << 1, std::sqrt(2.0), std::sqrt(6.0);
  const auto found = brink::loss_alignment(example.model(), Vector(Vector::Ones(1)));
  CHECK(found.mu == Approx((41.0 / 3 - 9) / 9).epsilon(1e-13));
  CHECK(found.direction == Approx(1).epsilon(1e-14));
}

TEST_CASE("Gaussian rows: between 1 and 2, by the formula and by many rows", "[fast][model]") {
  const Vector lambda{{4, 2, 1}};
  const auto population = brink::LinearizedModel::from_spectrum(lambda);
  oracle::Random random(806);
  for (int draw = 0; draw < 20; ++draw) {
    const Vector x = random.normals(3, 1).col(0);
    const auto found = brink::loss_alignment(population, x, NoiseSource::gaussian_rows);
    const double cube = (lambda.array().cube() * x.array().square()).sum();
    const double expected = 1 + cube / (lambda.dot(x.cwiseAbs2()) * lambda.squaredNorm());
    CHECK(found.mu == Approx(expected).epsilon(1e-13));
    CHECK(found.mu >= 1);
    CHECK(found.mu <= 2);
    const auto of_matrix = brink::loss_alignment(population, Matrix(x * x.transpose()), NoiseSource::gaussian_rows);
    CHECK(of_matrix.mu == Approx(found.mu).epsilon(1e-12));
    CHECK(of_matrix.magnitude == Approx(found.magnitude).epsilon(1e-12));
  }
  // 20000 such rows: the sample covariance of gradients is that of the population to about a percent.
  Example many{"Gaussian rows", Matrix(20000, 3)};
  for (int k = 0; k < 20000; ++k)
    for (int j = 0; j < 3; ++j) many.rows(k, j) = std::sqrt(lambda[j]) * random.normal();
  const auto sampled = many.model();
  const Vector x = Vector::Ones(3);
  const auto of_samples = brink::loss_alignment(sampled, Vector(sampled.basis().transpose() * x));
  const auto of_population = brink::loss_alignment(population, x, NoiseSource::gaussian_rows);
  CHECK(of_samples.mu == Approx(of_population.mu).epsilon(0.06));
  CHECK(of_samples.direction == Approx(of_population.direction).epsilon(0.03));
}

TEST_CASE("states without curvature have no alignment", "[fast][model]") {
  const auto model = oracle::three_rows().model();
  CHECK_THROWS_AS(brink::loss_alignment(model, Vector(Vector::Zero(2))), brink::InvalidInput);
  CHECK_THROWS_AS(brink::loss_alignment(model, Vector(Vector::Ones(3))), brink::InvalidInput);
  CHECK_THROWS_AS(brink::loss_alignment(model, Matrix(Matrix::Zero(2, 2))), brink::InvalidInput);
  Vector bad = Vector::Ones(2);
  bad[1] = std::nan("");
  CHECK_THROWS_AS(brink::loss_alignment(model, bad), brink::InvalidInput);
  const auto population = brink::LinearizedModel::from_spectrum(Vector::Ones(2));
  CHECK_THROWS_AS(brink::loss_alignment(population, Vector(Vector::Ones(2))), brink::InvalidInput);
}
