// The finish to a minimum, and its certificate.

#include "brink/training/minimum.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "oracle/dense.hpp"
#include "training/descent.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

namespace {

Matrix hessian_of(const Objective<double>& objective, const Vector& theta) {
  const Index p = theta.size();
  Matrix h(p, p);
  Vector column(p);
  for (Index i = 0; i < p; ++i) {
    objective.hessian_product(theta, objective.all(), Vector::Unit(p, i), column);
    h.col(i) = column;
  }
  return h;
}

Vector descending(const Matrix& symmetric) { return oracle::symmetric_eigenvalues(symmetric).reverse(); }

}  // namespace

TEST_CASE("the derivatives of the test problems are derivatives", "[fast][training]") {
  const auto net = tiny_net();
  const Vector theta = tiny_start(net);
  oracle::Random random(1);
  const Vector v = normal_vector(theta.size(), random);
  Vector up(theta.size());
  Vector down(theta.size());
  Vector product(theta.size());
  const double h = 1e-5;
  const double plus = net.gradient(theta + h * v, net.all(), up);
  const double minus = net.gradient(theta - h * v, net.all(), down);
  net.hessian_product(theta, net.all(), v, product);
  CHECK(((up - down) / (2 * h) - product).norm() < 1e-7 * product.norm());
  net.gradient(theta, net.all(), up);
  CHECK((plus - minus) / (2 * h) == Approx(up.dot(v)).epsilon(1e-7));
}

TEST_CASE("Levenberg-Marquardt converges quadratically to an interpolating minimum", "[fast][training]") {
  const auto net = tiny_net();
  const Vector start = tiny_start(net);
  std::vector<double> residual;  // ‖r‖ after k iterations
  for (Index iterations = 1; iterations <= 40; ++iterations) {
    MinimumOptions options;
    options.max_iterations = iterations;
    options.gradient_tolerance = 0;
    options.length = start.norm();
    const Monitor monitor;
    Descent descent{net, options, monitor, 1.0, start, Vector(start.size())};
    descent.loss = net.gradient(start, net.all(), descent.gradient);
    REQUIRE(levenberg_marquardt(descent));
    residual.push_back(std::sqrt(2 * descent.loss));
    if (residual.back() < 1e-14) break;
  }
  REQUIRE(residual.back() < 1e-12);
  // Between 1e-2 and round-off the logarithm doubles: the order is 2.
  int judged = 0;
  for (std::size_t k = 1; k < residual.size(); ++k) {
    UNSCOPED_INFO(residual[k]);
    if (residual[k - 1] > 0.02 || residual[k] < 1e-14 || residual[k] == residual[k - 1]) continue;
    INFO(residual[k - 1] << " then " << residual[k]);
    CHECK(std::log(residual[k]) < 1.7 * std::log(residual[k - 1]));
    ++judged;
  }
  CHECK(judged >= 2);
}

TEST_CASE("an interpolating minimum has its certificate", "[fast][training]") {
  const auto net = tiny_net();
  const Minimum minimum = find_minimum(net, tiny_start(net));
  const auto& c = minimum.certificate;
  CHECK(minimum.converged);
  CHECK(minimum.advice.empty());
  CHECK(c.interpolates);
  CHECK(c.is_minimum);
  CHECK(c.loss < 1e-24);
  CHECK(*c.rank == 12);
  // Against the exact Hessian by brute force: 12 eigenvalues of 32 are not zero.
  const Vector values = descending(hessian_of(net, minimum.theta));
  CHECK(c.lambda_max == Approx(values[0]).epsilon(1e-12));
  CHECK(*c.smallest_on_range == Approx(values[11]).epsilon(1e-9));
  CHECK(std::abs(values[12]) < 1e-10 * values[0]);
  CHECK(std::abs(c.smallest_eigenvalue) < 1e-10 * values[0]);
}

TEST_CASE("more samples than parameters: a minimum that does not interpolate", "[fast][training]") {
  const auto net = noisy_teacher();
  const Minimum minimum = find_minimum(net, tiny_start(net, 22));
  const auto& c = minimum.certificate;
  INFO(minimum.advice);
  CHECK(minimum.converged);
  CHECK(minimum.method == "levenberg-marquardt, newton-cg");
  CHECK_FALSE(c.interpolates);
  CHECK(c.is_minimum);
  CHECK(c.loss > 1e-3);
  CHECK(c.gradient_norm < 1e-12 * c.gradient_scale);
  CHECK(c.sample_gradient > 1e-3 * c.gradient_scale);
  const Vector values = descending(hessian_of(net, minimum.theta));
  CHECK(c.smallest_eigenvalue == Approx(values[values.size() - 1]).epsilon(1e-9));
  CHECK(*c.smallest_on_range == Approx(values[values.size() - 1]).epsilon(1e-9));
}

TEST_CASE("minima of quadratics and of logistic regression", "[fast][training]") {
  SECTION("a quadratic: the solution of linear equations") {
    const auto quadratics = small_quadratics();
    const Matrix h = hessian_of(quadratics, Vector::Zero(3));
    Vector b(3);
    quadratics.gradient(Vector::Zero(3), quadratics.all(), b);
    const Minimum minimum = find_minimum(quadratics, Vector::Ones(3));
    CHECK(minimum.converged);
    CHECK(minimum.method == "newton-cg");
    CHECK((h * minimum.theta + b).norm() < 1e-12 * b.norm());
  }
  SECTION("a minimum at zero, started at zero and elsewhere") {
    const auto quadratics = small_quadratics(6, 3, true);
    CHECK(find_minimum(quadratics, Vector::Zero(3)).converged);
    const Minimum minimum = find_minimum(quadratics, Vector::Ones(3));
    CHECK(minimum.converged);
    CHECK(minimum.certificate.interpolates);
    CHECK(minimum.theta.norm() < 1e-9);
  }
  SECTION("logistic regression on classes that overlap") {
    oracle::Random random(11);
    const Matrix x = normal_matrix(50, 3, random);
    Vector y(50);
    for (Index k = 0; k < 50; ++k) y[k] = x(k, 0) + 2 * random.normal() > 0 ? 1 : -1;
    const Logistic logistic(x, y);
    const Minimum minimum = find_minimum(logistic, Vector::Zero(3));
    CHECK(minimum.converged);
    CHECK(minimum.certificate.is_minimum);
    // Newton's method in closed form, to convergence.
    Vector theta = Vector::Zero(3);
    Vector g(3);
    for (int i = 0; i < 30; ++i) {
      logistic.gradient(theta, logistic.all(), g);
      theta -= oracle::solve(hessian_of(logistic, theta), g);
    }
    CHECK((minimum.theta - theta).norm() < 1e-12);
  }
  SECTION("separable classes have no minimum, and it says so") {
    const Logistic logistic(Matrix::Ones(4, 1), Vector::Ones(4));
    MinimumOptions options;
    options.max_iterations = 10;
    const Minimum minimum = find_minimum(logistic, Vector::Ones(1), options);
    CHECK_FALSE(minimum.converged);
    CHECK_FALSE(minimum.advice.empty());
  }
}

TEST_CASE("a saddle point is left, or named", "[fast][training]") {
  // L = ½(x² − y²) + y⁴/4: a saddle at 0, minima at y = ±1.
  class Saddle final : public WithSamples<Objective<double>> {
   public:
    Saddle() : WithSamples(1) {}
    Index parameters() const override { return 2; }
    double loss(const Vector& t, const Batch&) const override {
      return 0.5 * (t[0] * t[0] - t[1] * t[1]) + std::pow(t[1], 4) / 4;
    }
    double gradient(const Vector& t, const Batch& batch, Vector& out) const override {
      out << t[0], -t[1] + std::pow(t[1], 3);
      return loss(t, batch);
    }
    void hessian_product(const Vector& t, const Batch&, const Vector& v, Vector& out) const override {
      out << v[0], (3 * t[1] * t[1] - 1) * v[1];
    }
    void third_derivative(const Vector&, const Batch&, const Vector&, Vector& out) const override { out.setZero(); }
  };
  const Saddle saddle;
  Vector start(2);
  start << 0.5, 1e-3;
  const Minimum minimum = find_minimum(saddle, start);
  CHECK(minimum.converged);
  CHECK(std::abs(minimum.theta[1]) == Approx(1));
  CHECK(minimum.certificate.is_minimum);
  start[1] = 0;  // by symmetry it never leaves
  const Minimum stuck = find_minimum(saddle, start);
  CHECK_FALSE(stuck.certificate.is_minimum);
  CHECK(stuck.certificate.smallest_eigenvalue == Approx(-1));
  CHECK_FALSE(stuck.advice.empty());
}

TEST_CASE("the certificate by Lanczos is that of the dense matrix", "[fast][training]") {
  const auto net = tiny_net(10, 18);  // 72 parameters
  const Minimum minimum = find_minimum(net, tiny_start(net));
  REQUIRE(minimum.converged);
  MinimumOptions options;
  options.dense_limit = 70;  // below p, above nc
  const auto lanczos = certify_minimum(net, minimum.theta, options);
  CHECK(minimum.certificate.eigenvalue_method == "dense");
  CHECK(lanczos.eigenvalue_method == "lanczos");
  CHECK(lanczos.lambda_max == Approx(minimum.certificate.lambda_max).epsilon(1e-7));
  CHECK(std::abs(lanczos.smallest_eigenvalue) < 1e-7 * lanczos.lambda_max);
  CHECK(*lanczos.rank == 10);
  CHECK(*lanczos.smallest_on_range == Approx(*minimum.certificate.smallest_on_range).epsilon(1e-9));
  CHECK(lanczos.is_minimum);
}

TEST_CASE("bad starts of find_minimum are refused", "[fast][training]") {
  const auto net = tiny_net();
  CHECK_THROWS_AS(find_minimum(net, Vector::Zero(3)), InvalidInput);
  Vector start = tiny_start(net);
  start[0] = std::nan("");
  CHECK_THROWS_AS(find_minimum(net, start), InvalidInput);
  start[0] = 1e300;
  CHECK_THROWS_AS(find_minimum(net, start), InvalidInput);
  Monitor monitor;
  monitor.interrupted = [] { return true; };
  CHECK_THROWS_AS(find_minimum(net, tiny_start(net), {}, monitor), Interrupted);
}
