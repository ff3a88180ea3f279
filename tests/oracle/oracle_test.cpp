// The references against exact numbers and against each other, before anything is held against them.

#include <catch2/catch.hpp>
#include <cmath>

#include "oracle/examples.hpp"
#include "oracle/random.hpp"
#include "oracle/second_moment.hpp"

using namespace oracle;

namespace {

double threshold_of(const Example& example, const Rule& rule, const std::string& law, int batch_size) {
  return threshold(second_moment_of(law, example.hessians(), batch_size, rule.reference()), 1e-3);
}

}  // namespace

TEST_CASE("the brute-force threshold has the exact values of three rows in the plane", "[fast][oracle]") {
  const Example example = three_rows();
  const auto check = [&](const Rule& rule, const std::string& law, int batch_size, double expected) {
    INFO(rule.label() << " " << law << " B=" << batch_size);
    CHECK(threshold_of(example, rule, law, batch_size) == Approx(expected).epsilon(1e-12));
  };
  const std::string without = "without-replacement";
  check(heavy_ball(0), without, 1, .576039492188993);
  check(heavy_ball(0.5), without, 1, .43179774766624);
  check(heavy_ball(0.9), without, 1, .117807922439132);
  check(heavy_ball(0), without, 2, .938164490399912);
  check(heavy_ball(0.5), without, 2, 1.03660356202709);
  check(heavy_ball(0.9), without, 2, .42328015546237);
  check(heavy_ball(0.5), without, 3, 18 / (7 + std::sqrt(13.0)));
  check(sgd(), "with-replacement", 2, .781507658557685);
  check(sgd(), "bernoulli", 2, .872909817406041);
}

TEST_CASE("the brute-force threshold of Gaussian rows has the exact values for H = diag(1, 2, 4)", "[fast][oracle]") {
  const std::vector<Matrix> hessian{Vector{{1, 2, 4}}.asDiagonal()};
  const auto check = [&](double momentum, int batch_size, double expected) {
    const auto moment = second_moment_of("gaussian", hessian, batch_size, heavy_ball(momentum).reference());
    CHECK(threshold(moment, 1e-3) == Approx(expected).epsilon(1e-11));
  };
  check(0, 1, (2 - std::sqrt(2.0)) / 4);
  check(0.5, 1, .0883702648435275);
  check(0.9, 1, .01930261719998);
  check(0, 16, .44258524501767);
  check(0.5, 16, .531947004127398);
  check(0.9, 16, .244382111551634);
}

TEST_CASE("probabilities of all batches add to one and the mean batch Hessian is H", "[fast][oracle]") {
  const Example example = random_rows(4, 2, 1, 11);
  const auto hessians = example.hessians();
  for (const auto& law : finite_laws())
    for (int batch_size = 1; batch_size <= 4; ++batch_size) {
      double total = 0;
      Matrix average = Matrix::Zero(2, 2);
      for (const auto& batch : all_batches(law, 4, batch_size)) {
        total += batch.probability;
        average += batch.probability * batch_mean(batch, batch_size, hessians);
      }
      CHECK(total == Approx(1).epsilon(1e-14));
      CHECK((average - example.mean_hessian()).norm() < 1e-14);
    }
}

TEST_CASE("enumeration and the coefficients (p1, p2) give one second moment", "[fast][oracle]") {
  const Example example = random_indefinite(4, 2, 5);
  const auto hessians = example.hessians();
  const double n = 4, b = 2;
  for (const auto& rule : {heavy_ball(0.7), nesterov(-0.5)}) {
    const auto difference = [&](const std::string& law, double p1, double p2) {
      const Matrix brute = second_moment(hessians, all_batches(law, 4, 2), 2, rule.reference(), 0.3);
      return (brute - second_moment_by_coefficients(hessians, p1, p2, rule.reference(), 0.3)).norm() / brute.norm();
    };
    CHECK(difference("without-replacement", (n - b) / (b * (n - 1)), (n - b) / (b * (n - 1))) < 1e-14);
    CHECK(difference("with-replacement", 1 / b, 1 / b) < 1e-14);
    CHECK(difference("bernoulli", (1 - b / n) / b, 0) < 1e-14);
  }
}

TEST_CASE("the growth on symmetric matrices is the growth of the whole second moment", "[fast][oracle]") {
  const Example example = random_rows(4, 2, 2, 3);
  for (const auto& rule : all_rules()) {
    const Matrix moment = second_moment_of("without-replacement", example.hessians(), 2, rule.reference())(0.2);
    CHECK(log_growth(moment) == Approx(std::log(spectral_radius(moment))).margin(1e-10));
  }
}

TEST_CASE("moments of Gaussian batch Hessians by Isserlis are those of the Wishart law", "[fast][oracle]") {
  Random random(8);
  const Matrix root = random.normals(3, 3);
  const Matrix h = root * root.transpose();
  const double b = 5, trace = h.trace(), trace2 = (h * h).trace();
  const auto moments = gaussian_hessian_moments(h, 5);
  const Matrix second = ((b + 1) * h * h + trace * h) / b;
  const Matrix third =
      ((b * b + 3 * b + 4) * h * h * h + 2 * (b + 1) * trace * h * h + ((b + 1) * trace2 + trace * trace) * h) /
      (b * b);
  CHECK((moments.second - second).norm() < 1e-13 * second.norm());
  CHECK((moments.third - third).norm() < 1e-13 * third.norm());
}

TEST_CASE("the leading covariance answers its own noise at the threshold", "[fast][oracle]") {
  const Example example = random_rows(4, 2, 1, 21);
  const auto hessians = example.hessians();
  const auto batches = all_batches("bernoulli", 4, 2);
  for (const auto& rule : {heavy_ball(0.5), nesterov(0.9)}) {
    const auto moment = second_moment_of("bernoulli", hessians, 2, rule.reference());
    const double eta = threshold(moment, 1e-3);
    const Matrix x = leading_covariance(moment(eta), 2);
    const Matrix again =
        response(example.mean_hessian(), rule.reference(), eta, gradient_covariance(hessians, batches, 2, x));
    CHECK((again - x).norm() < 1e-9);
    CHECK(symmetric_eigenvalues(x)[0] > 0);
  }
}

TEST_CASE("the stationary covariance of the reference is the exact one in one dimension", "[fast][oracle]") {
  Example example = random_rows(4, 1, 1, 31);
  example = with_gradients(example, 32);
  double a = 0, square = 0;
  for (const auto& h : example.hessians()) {
    a += h(0, 0) / 4;
    square += h(0, 0) * h(0, 0) / 4;
  }
  const double p = 1.0 / 3, beta = 0.6, eta = 0.2 / a;
  const double v = p * (square - a * a), s2 = p * example.gradients.squaredNorm() / 4;
  const double x = eta * a, g = (1 + beta) / ((1 - beta) * x * (2 * (1 + beta) - x));
  const auto z = stationary_covariance(example.hessians(), example.gradients, all_batches("without-replacement", 4, 2),
                                       2, heavy_ball(beta).reference(), eta);
  CHECK(z(0, 0) == Approx(eta * eta * s2 * g / (1 - eta * eta * v * g)).epsilon(1e-12));
}
