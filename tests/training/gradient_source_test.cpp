// SAM, label noise and given noise against their definitions.

#include "brink/training/gradient_source.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

namespace {

/// Means and products of the noise g − ∇L over many steps, judged against a covariance: every entry within `z` standard
/// deviations of the mean of products of Gaussians.
void check_noise(const Objective<double>& objective, const Vector& theta, const Batch& batch,
                 const GradientSettings& settings, const Matrix& covariance) {
  const auto source = make_gradient_source<double>(settings);
  const Index p = theta.size();
  const int steps = 4000;
  const double z = 5;
  Vector plain(p);
  Vector g(p);
  objective.gradient(theta, batch, plain);
  Vector mean = Vector::Zero(p);
  Matrix products = Matrix::Zero(p, p);
  for (int t = 0; t < steps; ++t) {
    source->gradient(objective, theta, batch, {12, static_cast<std::uint32_t>(t)}, g);
    mean += (g - plain) / steps;
    products += (g - plain) * (g - plain).transpose() / steps;
  }
  for (Index i = 0; i < p; ++i) {
    CHECK(std::abs(mean[i]) <= z * std::sqrt(covariance(i, i) / steps) + 1e-15);
    for (Index j = 0; j <= i; ++j) {
      const double deviation =
          std::sqrt((covariance(i, i) * covariance(j, j) + covariance(i, j) * covariance(i, j)) / steps);
      INFO(i << ' ' << j);
      CHECK(std::abs(products(i, j) - covariance(i, j)) <= z * deviation + 1e-15);
    }
  }
}

}  // namespace

TEST_CASE("label noise has the covariance of fresh noise on the targets", "[training]") {
  const auto net = tiny_net(12, 3);
  const Vector theta = tiny_start(net);
  const std::vector<std::uint32_t> chosen = {1, 4, 4, 9};  // one twice: its two noises are independent
  const Batch batch{chosen, 5.0};
  RowMatrix j;
  net.jacobian(theta, batch, j);
  GradientSettings settings;
  settings.label_noise = 0.3;
  check_noise(net, theta, batch, settings, 0.09 / 25 * j.transpose() * j);
}

TEST_CASE("given noise has the covariance given", "[fast][training]") {
  const auto quadratics = small_quadratics();
  oracle::Random random(2);
  const Matrix a = normal_matrix(3, 2, random);
  GradientSettings settings;
  settings.noise_factor = covariance_factor(a * a.transpose());
  CHECK(settings.noise_factor.rows() == 2);
  CHECK((settings.noise_factor.transpose() * settings.noise_factor - a * a.transpose()).norm() < 1e-13);
  check_noise(quadratics, Vector::Ones(3), quadratics.all(), settings, a * a.transpose());
  Matrix indefinite = Matrix::Identity(3, 3);
  indefinite(2, 2) = -1;
  CHECK_THROWS_AS(covariance_factor(indefinite), InvalidInput);
  indefinite(0, 1) = 1;
  CHECK_THROWS_AS(covariance_factor(indefinite), InvalidInput);
  CHECK_THROWS_AS(covariance_factor(Matrix::Ones(2, 3)), InvalidInput);
}

TEST_CASE("SAM takes the gradient at the worst point nearby", "[fast][training]") {
  const auto net = tiny_net();
  const Vector theta = tiny_start(net);
  const std::vector<std::uint32_t> chosen = {0, 3, 7};
  const Batch batch{chosen, 3.0};
  GradientSettings settings;
  settings.sam_radius = 0.05;
  const Index p = theta.size();
  Vector g(p);
  const double loss = net.gradient(theta, batch, g);
  Vector expected(p);
  net.gradient(theta + 0.05 * g / g.norm(), batch, expected);
  Vector out(p);
  CHECK(make_gradient_source<double>(settings)->gradient(net, theta, batch, {}, out) == loss);
  CHECK((out - expected).norm() < 1e-13 * expected.norm());
  CHECK((out - g).norm() > 1e-3 * g.norm());

  // On a quadratic: (1 + ρH/‖g‖)g, and at the minimum nothing happens.
  const auto quadratics = small_quadratics(6, 3, true);
  const auto source = make_gradient_source<double>(settings);
  Vector q(3);
  source->gradient(quadratics, Vector::Zero(3), quadratics.all(), {}, q);
  CHECK(q.norm() == 0);
}

TEST_CASE("gradient sources refuse what they cannot use", "[fast][training]") {
  GradientSettings settings;
  settings.label_noise = -1;
  CHECK_THROWS_AS(make_gradient_source<double>(settings), InvalidInput);
  settings.label_noise = 1;
  const auto quadratics = small_quadratics();
  Vector out(3);
  CHECK_THROWS_AS(
      make_gradient_source<double>(settings)->gradient(quadratics, Vector::Ones(3), quadratics.all(), {}, out),
      InvalidInput);
  settings.label_noise = 0;
  settings.noise_factor = RowMatrix::Ones(1, 4);
  CHECK_THROWS_AS(
      make_gradient_source<double>(settings)->gradient(quadratics, Vector::Ones(3), quadratics.all(), {}, out),
      InvalidInput);
}
