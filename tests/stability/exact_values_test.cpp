// Thresholds with exact closed forms: three rows in the plane, one dimension, orthogonal rows, tight frames, Gaussian
// rows. The decimal values were computed by dense second-moment matrices of the same models.

#include <boost/math/tools/toms748_solve.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "brink/stability/closed_form.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/batches.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using brink::LinearizedModel;
using oracle::Example;
using oracle::heavy_ball;
using oracle::kEpsilon;
using oracle::Matrix;
using oracle::nesterov;
using oracle::Rule;
using oracle::Vector;

namespace {

double transfer_form(const LinearizedModel& model, const Rule& rule, const std::string& law, int batch_size) {
  return brink::mean_square_threshold(model, *rule.make(), *brink::make_batch_law(law), batch_size).eta;
}

double closed_form(const LinearizedModel& model, const Rule& rule, const std::string& law, int batch_size) {
  return brink::closed_form_threshold(model, *rule.make(), *brink::make_batch_law(law), batch_size).eta;
}

void check_both(const LinearizedModel& model, const Rule& rule, const std::string& law, int batch_size,
                double expected) {
  INFO(rule.label() << " " << law << " B=" << batch_size);
  CHECK(transfer_form(model, rule, law, batch_size) == Approx(expected).epsilon(2e-12));
  // The noise-free part of the closed form cancels to (1−β)²: that many digits are lost.
  const double beta = rule.parameters.momentum;
  CHECK(closed_form(model, rule, law, batch_size) ==
        Approx(expected).epsilon(2e-12 + 1e-15 / ((1 - std::abs(beta)) * (1 - std::abs(beta)))));
}

double root(const std::function<double(double)>& f, double low, double high) {
  std::uintmax_t iterations = 200;
  const auto bracket =
      boost::math::tools::toms748_solve(f, low, high, boost::math::tools::eps_tolerance<double>(52), iterations);
  return 0.5 * (bracket.first + bracket.second);
}

/// Equal-norm tight frame in the plane: `count` rows of squared norm `norm2` at equal angles; H = (norm2/2) I.
Example planar_frame(int count, double norm2) {
  Matrix rows(count, 2);
  for (int k = 0; k < count; ++k) {
    const double angle = 3.14159265358979323846 * k / count + 0.3;
    rows.row(k) << std::sqrt(norm2) * std::cos(angle), std::sqrt(norm2) * std::sin(angle);
  }
  return {"planar frame", rows};
}

}  // namespace

TEST_CASE("three rows in the plane: exact thresholds", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  CHECK(model.spectrum()[0] == Approx(1.767591879244).epsilon(1e-12));
  CHECK(model.spectrum()[1] == Approx(.565741454089).epsilon(1e-11));
  const std::string without = "without-replacement";
  check_both(model, heavy_ball(0), without, 1, .576039492188993);
  check_both(model, heavy_ball(0.5), without, 1, .43179774766624);
  check_both(model, heavy_ball(0.9), without, 1, .117807922439132);
  check_both(model, heavy_ball(0), without, 2, .938164490399912);
  check_both(model, heavy_ball(0.5), without, 2, 1.03660356202709);
  check_both(model, heavy_ball(0.9), without, 2, .42328015546237);
  for (const double beta : {0.0, 0.5, 0.9})
    check_both(model, heavy_ball(beta), without, 3, 2 * (1 + beta) * 6 / (7 + std::sqrt(13.0)));
  check_both(model, oracle::sgd(), without, 1, .576039492188993);
  check_both(model, oracle::sgd(), "with-replacement", 2, .781507658557685);
  check_both(model, oracle::sgd(), "bernoulli", 2, .872909817406041);
}

TEST_CASE("one dimension, heavy ball: 1/η* = a/(2(1+β)) + v/(2a(1−β))", "[fast][stability]") {
  for (const int outputs : {1, 2})
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      const Example example = oracle::random_rows(5, 1, outputs, seed);
      const auto model = example.model();
      double a = 0, square = 0;
      for (const auto& h : example.hessians()) {
        a += h(0, 0) / 5;
        square += h(0, 0) * h(0, 0) / 5;
      }
      for (const auto& law : oracle::finite_laws())
        for (const int b : {1, 2, 4}) {
          const auto [p1, p2] = oracle::law_coefficients(law, 5, b);
          const double v = p1 * square - p2 * a * a;
          for (const double beta : {-0.9, -0.5, 0.0, 0.5, 0.9, 0.99, 0.999})
            check_both(model, heavy_ball(beta), law, b, 1 / (a / (2 * (1 + beta)) + v / (2 * a * (1 - beta))));
          // The largest threshold over β, and where it is.
          const double r = v / (a * a), best = (1 - std::sqrt(r)) / (1 + std::sqrt(r));
          check_both(model, heavy_ball(best), law, b, 4 * a / std::pow(a + std::sqrt(v), 2));
        }
    }
}

TEST_CASE("one dimension, Nesterov: the polynomial inequality and its decimal values", "[fast][stability]") {
  // Two samples a ± √v, B = 1: mean curvature a = 1, variance v. A variance above 1 needs one negative curvature.
  for (const auto& [v, expected] : {std::pair{.1, 1.180353}, {1.0, .423897}, {10.0, .023032}}) {
    Matrix hessians(2, 1);
    hessians << 1 + std::sqrt(v), 1 - std::sqrt(v);
    const auto model = LinearizedModel::from_hessians(hessians, 2, kEpsilon);
    const double eta = transfer_form(model, nesterov(0.9), "with-replacement", 1);
    CHECK(eta == Approx(expected).margin(6e-7));
    for (const double beta : {-0.9, -0.5, -1.0 / 3, -0.2, 0.3, 0.9, 0.99}) {
      INFO("beta=" << beta << " v=" << v);
      const double edge = beta >= -1.0 / 3 ? 2 * (1 + beta) / (1 + 2 * beta) : 1 + 1 / std::abs(beta);
      const auto stable = [&, variance = v](double x) {
        return x * (1 - beta + beta * x) * (2 * (1 + beta) - (1 + 2 * beta) * x) -
               x * x * variance * (1 + beta + beta * (1 + 2 * beta) * x);
      };
      // Divided by x: positive at 0, and not at the edge.
      const double exact = root([&](double x) { return stable(x) / x; }, 1e-12, edge);
      CHECK(transfer_form(model, nesterov(beta), "with-replacement", 1) == Approx(exact).epsilon(1e-11));
    }
  }
}

TEST_CASE("equal-norm rows, one sample a batch: 2/‖a‖² in any geometry", "[fast][stability]") {
  for (const int d : {2, 3, 5}) {
    Example example = oracle::random_rows(7, d, 1, static_cast<std::uint64_t>(d));
    for (int k = 0; k < 7; ++k) example.rows.row(k) *= std::sqrt(2.5) / example.rows.row(k).norm();
    check_both(example.model(), oracle::sgd(), "without-replacement", 1, 2 / 2.5);
    check_both(example.model(), oracle::sgd(), "with-replacement", 1, 2 / 2.5);
  }
}

TEST_CASE("orthogonal rows: only the largest norm counts", "[fast][stability]") {
  oracle::Random random(4);
  const int n = 4;
  Matrix rows = oracle::random_rotation(n, random);
  const Vector norms{{1.0, 0.5, 2.0, 1.7}};
  for (int k = 0; k < n; ++k) rows.row(k) *= std::sqrt(norms[k]);
  const auto model = Example{"orthogonal rows", rows}.model();
  for (int b = 1; b <= n; ++b) {
    check_both(model, oracle::sgd(), "without-replacement", b, 2.0 * b / 2.0);
    check_both(model, oracle::sgd(), "bernoulli", b, 2.0 * b / 2.0);
    check_both(model, oracle::sgd(), "with-replacement", b, 2.0 * n * b / (2.0 * (n + b - 1)));
  }
}

TEST_CASE("equal-norm tight frame: (2d/L)(1+β)/(1+(p1 d−p2)(1+β)/(1−β))", "[fast][stability]") {
  for (const int n : {3, 5, 8}) {
    const double norm2 = 1.4, d = 2;
    const auto model = planar_frame(n, norm2).model();
    for (const auto& law : oracle::finite_laws())
      for (const int b : {1, 2, n})
        for (const double beta : {-0.5, 0.0, 0.5, 0.9}) {
          const auto [p1, p2] = oracle::law_coefficients(law, n, b);
          check_both(model, heavy_ball(beta), law, b,
                     2 * d / norm2 * (1 + beta) / (1 + (p1 * d - p2) * (1 + beta) / (1 - beta)));
        }
  }
}

TEST_CASE("isotropic Gaussian rows: 2B(1−β²)/(λ[(1+β)(d+1)+B(1−β)])", "[fast][stability]") {
  for (const int d : {1, 2, 7, 40})
    for (const int b : {1, 3, 64})
      for (const double beta : {-0.5, 0.0, 0.5, 0.9, 0.99}) {
        const double lambda = 1.7;
        const auto model = LinearizedModel::from_spectrum(Vector::Constant(d, lambda));
        check_both(model, heavy_ball(beta), "gaussian", b,
                   2 * b * (1 - beta * beta) / (lambda * ((1 + beta) * (d + 1) + b * (1 - beta))));
      }
}

TEST_CASE("Gaussian rows, H = diag(1, 2, 4): exact thresholds", "[fast][stability]") {
  const auto model = LinearizedModel::from_spectrum(Vector{{4, 2, 1}});
  check_both(model, heavy_ball(0), "gaussian", 1, (2 - std::sqrt(2.0)) / 4);
  check_both(model, heavy_ball(0.5), "gaussian", 1, .0883702648435275);
  check_both(model, heavy_ball(0.9), "gaussian", 1, .01930261719998);
  check_both(model, heavy_ball(0), "gaussian", 16, .44258524501767);
  check_both(model, heavy_ball(0.5), "gaussian", 16, .531947004127398);
  check_both(model, heavy_ball(0.9), "gaussian", 16, .244382111551634);
}

TEST_CASE("Gaussian rows, any spectrum: the secular equation Σ s/(1−s) = 1", "[stability]") {
  const auto secular = [](const Vector& spectrum, int b, double eta, auto&& g) {
    double sum = -1;
    for (const double lambda : spectrum) {
      const double x = eta * lambda, s = x * x * g(x) / b;
      if (!(s < 1) || s < 0) return 1e300;
      sum += s / (1 - s);
    }
    return sum;
  };
  Vector power_law(60), wide(30);
  for (int i = 0; i < 60; ++i) power_law[i] = std::pow(i + 1, -1.2);
  for (int i = 0; i < 30; ++i) wide[i] = std::pow(10.0, -8.0 * i / 29);
  for (const Vector& spectrum : {power_law, wide}) {
    const auto model = LinearizedModel::from_spectrum(spectrum);
    for (const int b : {1, 8, 500})
      for (const double beta : {-0.2, 0.0, 0.5, 0.9, 0.999}) {
        INFO("B=" << b << " beta=" << beta << " r=" << spectrum.size());
        const auto heavy = [beta](double x) { return (1 + beta) / ((1 - beta) * x * (2 * (1 + beta) - x)); };
        const auto accelerated = [beta](double x) {
          return (1 + beta + beta * (1 + 2 * beta) * x) /
                 (x * (1 - beta + beta * x) * (2 * (1 + beta) - (1 + 2 * beta) * x));
        };
        const double heavy_edge = 2 * (1 + beta), accelerated_edge = 2 * (1 + beta) / (1 + 2 * beta);
        check_both(model, heavy_ball(beta), "gaussian", b,
                   root([&](double eta) { return std::min(1e3, secular(spectrum, b, eta, heavy)); }, 1e-9,
                        heavy_edge * (1 - 1e-14)));
        CHECK(transfer_form(model, nesterov(beta), "gaussian", b) ==
              Approx(root([&](double eta) { return std::min(1e3, secular(spectrum, b, eta, accelerated)); }, 1e-9,
                          accelerated_edge * (1 - 1e-14)))
                  .epsilon(1e-11));
      }
  }
}
