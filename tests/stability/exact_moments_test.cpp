// Exact growth of moments against the Kronecker powers of every batch, closed forms, and quadrature of another kind.

#include "brink/stability/exact_moments.hpp"

#include <boost/math/special_functions/expint.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/stability/even_moment.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/batches.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using brink::ExactMoments;
using brink::Index;
using oracle::Example;
using oracle::Matrix;
using oracle::Vector;

namespace {

ExactMoments moments(const brink::LinearizedModel& model, const oracle::Rule& rule, const std::string& law,
                     Index batch_size) {
  return ExactMoments(model, rule.make(), brink::make_batch_law(law), batch_size);
}

/// ln of the spectral radius of E[M_B ⊗ … ⊗ M_B], all k-fold tensors.
double tensor_growth(const Example& example, const oracle::Rule& rule, const std::string& law, int batch_size,
                     double eta, int k) {
  Matrix sum;
  for (const auto& batch : oracle::all_batches(law, example.samples(), batch_size)) {
    const Matrix step =
        oracle::lifted_map(rule.reference(), eta, oracle::batch_mean(batch, batch_size, example.hessians()));
    Matrix power = step;
    for (int j = 1; j < k; ++j) power = oracle::kronecker(power, step);
    sum = sum.size() == 0 ? Matrix(batch.probability * power) : Matrix(sum + batch.probability * power);
  }
  return std::log(oracle::spectral_radius(sum));
}

/// E X^i of χ²_k.
double chi_squared_moment(double k, int i) {
  double product = 1;
  for (int j = 0; j < i; ++j) product *= k + 2 * j;
  return product;
}

/// E (1 − 2cX + c²X² + c²XY)^m by the multinomial theorem.
double isotropic_even_moment(double c, double b, double d, int m) {
  double sum = 0;
  for (int i = 0; i <= m; ++i)
    for (int j = 0; i + j <= m; ++j)
      for (int l = 0; i + j + l <= m; ++l) {  // powers of −2cX, c²X², c²XY
        const double ways = std::tgamma(m + 1.0) / (std::tgamma(i + 1.0) * std::tgamma(j + 1.0) * std::tgamma(l + 1.0) *
                                                    std::tgamma(m - i - j - l + 1.0));
        sum += ways * std::pow(-2 * c, i) * std::pow(c, 2 * (j + l)) * chi_squared_moment(b, i + 2 * j + l) *
               chi_squared_moment(d - 1, l);
      }
  return sum;
}

brink::LinearizedModel isotropic(int d, double lambda) {
  return brink::LinearizedModel::from_spectrum(Vector::Constant(d, lambda));
}

}  // namespace

TEST_CASE("the second moment on symmetric tensors is that of mean-square theory", "[stability]") {
  const Example signs = oracle::random_indefinite(4, 2, 901);
  for (const Example& example : {oracle::random_rows(4, 2, 2, 900), signs})
    for (const auto& law : oracle::finite_laws())
      for (const auto& rule : oracle::all_rules()) {
        const auto made = rule.make();
        const auto drawn = brink::make_batch_law(law);
        const auto model = example.model();
        const double threshold = brink::mean_square_threshold(model, *made, *drawn, 2).eta;
        const brink::EvenMoment second(model, *made, *drawn, 2, 2);
        for (const double factor : {0.6, 1.3}) {
          INFO(example.name << " " << law << " " << rule.label() << " " << factor);
          const auto growth = brink::mean_square_growth(model, *made, *drawn, 2, factor * threshold);
          const auto found = second.log_growth(factor * threshold);
          CHECK(found.value == Approx(growth.log_growth).margin(1e-9));
          CHECK(found.error < 1e-8);
        }
      }
}

TEST_CASE("fourth and sixth moments are those of the tensor powers of all batches", "[stability]") {
  struct Case {
    int dimension, outputs, k;
    oracle::Rule rule;
  };
  const Case cases[] = {{2, 1, 4, oracle::sgd()},           {2, 2, 6, oracle::sgd()},
                        {3, 1, 4, oracle::sgd()},           {1, 1, 6, oracle::heavy_ball(0.6)},
                        {2, 1, 4, oracle::heavy_ball(0.9)}, {2, 1, 4, oracle::nesterov(-0.4)}};
  for (const auto& c : cases)
    for (const auto& law : oracle::finite_laws())
      for (const double eta : {0.1, 0.9}) {
        const Example example = oracle::random_rows(4, c.dimension, c.outputs, 910);
        const auto model = example.model();
        const auto rule = c.rule.make();
        const brink::EvenMoment moment(model, *rule, *brink::make_batch_law(law), 2, c.k);
        INFO(c.rule.label() << " d=" << c.dimension << " k=" << c.k << " " << law << " eta=" << eta);
        CHECK(moment.log_growth(eta).value == Approx(tensor_growth(example, c.rule, law, 2, eta, c.k)).margin(1e-9));
      }
}

TEST_CASE("three rows: second and fourth moment at 0.65, and where they vanish", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  const auto exact = moments(model, oracle::sgd(), "without-replacement", 1);
  CHECK(exact.log_growth(2, 0.65).value == Approx(0.232287737857).epsilon(1e-11));
  CHECK(exact.log_growth(4, 0.65).value == Approx(0.927214009454).epsilon(1e-11));
  CHECK(exact.stable_steps(2).threshold() == Approx(0.576039492188993).epsilon(1e-11));
  CHECK(exact.stable_steps(2).complete);
  double before = exact.stable_steps(2).threshold();
  for (const double k : {4.0, 6.0, 8.0}) {
    const auto steps = exact.stable_steps(k);
    REQUIRE(steps.intervals.size() == 1);
    CHECK_FALSE(steps.intervals[0].ends_with_search);
    CHECK(steps.intervals[0].upper < before);
    CHECK(steps.intervals[0].upper_error < 1e-9);
    CHECK(exact.log_growth(k, steps.intervals[0].upper).value == Approx(0).margin(1e-10));
    before = steps.intervals[0].upper;
  }
  CHECK_FALSE(exact.unavailable(1).empty());
  CHECK_THROWS_AS(exact.log_growth(0, 0.3), brink::InvalidInput);
  CHECK_THROWS_AS(exact.tail_index(0.3), brink::InvalidInput);
}

TEST_CASE("rank-one rows of equal norm have one threshold for all moments", "[fast][stability]") {
  Example example{"equal norms", Matrix(4, 2)};
  example.rows << 2, 0, 1.2, 1.6, 0, 2, -1.6, 1.2;
  const auto model = example.model();
  const auto exact = moments(model, oracle::sgd(), "without-replacement", 1);
  for (const double k : {2.0, 4.0, 6.0}) CHECK(exact.stable_steps(k).threshold() == Approx(0.5).epsilon(1e-9));
}

TEST_CASE("curvatures 1 and 2: every threshold and the tail index", "[fast][stability]") {
  const auto model = oracle::one_parameter({1, 2}).model();
  const auto exact = moments(model, oracle::sgd(), "without-replacement", 1);
  CHECK(exact.stable_steps(4).threshold() == Approx(1.09459760548).epsilon(1e-11));
  CHECK(exact.stable_steps(2).threshold() == Approx(1.2).epsilon(1e-12));
  CHECK(exact.stable_steps(1).threshold() == Approx(4.0 / 3).epsilon(1e-12));
  const auto almost_surely = exact.stable_steps(0);
  REQUIRE(almost_surely.intervals.size() == 1);
  CHECK(almost_surely.intervals[0].lower == 0);
  CHECK(almost_surely.intervals[0].upper == Approx(1.5).epsilon(1e-12));
  CHECK(almost_surely.complete);
  CHECK(exact.log_growth(2, 1.3).value == Approx(0.281412459438).epsilon(1e-11));
  CHECK(exact.log_growth(0, 1.3).value == Approx(-0.366984587540).epsilon(1e-11));
  const auto tail = exact.tail_index(1.3);
  REQUIRE(tail.alpha.has_value());
  CHECK(tail.alpha->value == Approx(1.21189652498).epsilon(1e-11));
  CHECK(tail.alpha->error < 1e-11);
  // At 1.2 the second moment is neutral; in a stable corner nothing ever grows; above 3/2 nothing settles.
  CHECK(exact.tail_index(1.2).alpha->value == Approx(2).epsilon(1e-10));
  CHECK_FALSE(exact.tail_index(0.9).alpha.has_value());
  CHECK(exact.tail_index(0.9).reason.find("no batch") == 0);
  CHECK(exact.tail_index(1.6).reason.find("the Lyapunov exponent") == 0);
  // With momentum the state has two entries, and only even moments are known.
  CHECK_FALSE(moments(model, oracle::heavy_ball(0.5), "without-replacement", 1).unavailable(0).empty());
}

TEST_CASE("curvatures 0.2 and 3.8 are almost surely stable again", "[fast][stability]") {
  const auto model = oracle::one_parameter({0.2, 3.8}).model();
  const auto steps = moments(model, oracle::sgd(), "without-replacement", 1).stable_steps(0);
  REQUIRE(steps.intervals.size() == 2);
  CHECK(steps.intervals[0].upper == Approx(0.559471612102).epsilon(1e-11));
  CHECK(steps.intervals[1].lower == Approx(4.703686282635).epsilon(1e-11));
  CHECK(steps.intervals[1].upper == Approx(5.263157894737).epsilon(1e-11));
  CHECK(steps.threshold() == steps.intervals[0].upper);
}

TEST_CASE("the stable intervals of a scalar are where its growth is negative", "[stability]") {
  const auto model = oracle::one_parameter({0.1, 0.7, 1.9, 5.3, 5.9}).model();
  for (const auto& law : oracle::finite_laws())
    for (const int b : {1, 2})
      for (const double q : {0.0, 0.2, 0.7, 1.0, 2.5}) {
        const auto exact = moments(model, oracle::sgd(), law, b);
        const auto steps = exact.stable_steps(q);
        int found = 0;
        for (int i = 1; i <= 3000; ++i) {
          const double eta = 0.01 * i;
          bool inside = false;
          bool at_end = false;
          for (const auto& interval : steps.intervals) {
            inside = inside || (eta > interval.lower && eta < interval.upper);
            at_end = at_end || std::abs(eta - interval.lower) < 1e-9 || std::abs(eta - interval.upper) < 1e-9;
          }
          INFO(law << " B=" << b << " q=" << q << " eta=" << eta);
          // −∞ at a pole itself may be alone among doubles.
          const double growth = exact.log_growth(q, eta).value;
          if (!at_end && std::isfinite(growth) && inside != (growth < 0)) ++found;
        }
        INFO(law << " B=" << b << " q=" << q);
        CHECK(found == 0);
      }
}

TEST_CASE("scalar growth is the average over batches, and convex in q", "[fast][stability]") {
  const std::vector<double> curvatures = {0.3, 1.1, 2.4};
  const auto model = oracle::one_parameter(curvatures).model();
  brink::RuleParameters parameters;
  parameters.weight_decay = 0.2;
  const ExactMoments exact(model, brink::make_update_rule("sgd", parameters), brink::make_batch_law("bernoulli"), 2);
  double before = -1;
  for (const double q : {0.5, 1.0, 2.0, 3.7, 9.0}) {
    double mean = 0;
    for (int set = 0; set < 8; ++set) {
      double h = 0, probability = 1;
      for (int k = 0; k < 3; ++k) {
        const bool in = ((set >> k) & 1) != 0;
        probability *= in ? 2.0 / 3 : 1.0 / 3;
        h += in ? curvatures[static_cast<std::size_t>(k)] / 2 : 0;
      }
      mean += probability * std::pow(std::abs(1 - 1.4 * (h + 0.2)), q);
    }
    CHECK(exact.log_growth(q, 1.4).value == Approx(std::log(mean)).epsilon(1e-12));
    CHECK(std::log(mean) / q > before);
    before = std::log(mean) / q;
  }
  CHECK(exact.log_growth(2, 1.4).value ==
        Approx(brink::mean_square_growth(model, *brink::make_update_rule("sgd", parameters),
                                         *brink::make_batch_law("bernoulli"), 2, 1.4)
                   .log_growth)
            .epsilon(1e-10));
}

TEST_CASE("without noise all thresholds are the edge", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.8)}) {
    const auto exact = moments(model, rule, "without-replacement", 3);
    const double edge = rule.make()->deterministic_edge() / model.lambda_max();
    for (const double q : {0.0, 0.5, 2.0, 4.0}) CHECK(exact.stable_steps(q).threshold() == Approx(edge).epsilon(1e-12));
    CHECK(exact.log_growth(3, 0.4).value == Approx(3 * exact.log_growth(0, 0.4).value).epsilon(1e-13));
    CHECK_FALSE(exact.tail_index(0.4).alpha.has_value());
  }
}

TEST_CASE("isotropic Gaussian rows: even moments in closed form", "[stability]") {
  for (const int d : {1, 2, 7, 400})
    for (const int b : {1, 3, 250}) {
      const double lambda = 1.7;
      const auto model = isotropic(d, lambda);
      const auto exact = moments(model, oracle::sgd(), "gaussian", b);
      const double threshold = 2.0 * b / (lambda * (d + 1 + b));
      CHECK(exact.stable_steps(2).threshold() == Approx(threshold).epsilon(1e-10));
      for (const double eta : {0.3 * threshold, 1.5 * threshold})
        for (const int m : {1, 2, 3}) {
          INFO("d=" << d << " B=" << b << " eta=" << eta << " q=" << 2 * m);
          const auto growth = exact.log_growth(2 * m, eta);
          CHECK(growth.value == Approx(std::log(isotropic_even_moment(eta * lambda / b, b, d, m))).margin(1e-9));
          CHECK(growth.error < 1e-8);
        }
    }
}

TEST_CASE("isotropic Gaussian rows: the Lyapunov exponent of one direction", "[fast][stability]") {
  // B = 2: X = 2E with E exponential, and E ln|1 − 2cE| = −exp(−1/2c) Ei(1/2c).
  const auto model = isotropic(1, 1.0);
  const auto exact = moments(model, oracle::sgd(), "gaussian", 2);
  for (const double eta : {0.05, 0.4, 1.0, 3.0, 20.0}) {
    INFO("eta = " << eta);
    CHECK(exact.log_growth(0, eta).value == Approx(-std::exp(-1 / eta) * boost::math::expint(1 / eta)).margin(1e-10));
    CHECK(exact.log_growth(0, eta).error < 1e-8);
  }
  // Its zero is that of Ei at 1/η.
  CHECK(boost::math::expint(1 / exact.stable_steps(0).threshold()) == Approx(0).margin(1e-9));
}

TEST_CASE("isotropic Gaussian rows: quadrature of another kind", "[stability]") {
  // Trapezoidal rule in (ln X, ln Y).
  const auto integral = [](double q, double c, double b, double d) {
    const double h = 0.04;
    const auto weight = [](double k, double s) {
      return std::exp(0.5 * k * s - 0.5 * std::exp(s) - 0.5 * k * std::log(2.0) - std::lgamma(0.5 * k));
    };
    double sum = 0;
    for (double s = -40; s < 7; s += h)
      for (double t = -30; t < 7; t += h) {
        const double x = std::exp(s), y = std::exp(t);
        const double squared = (1 - c * x) * (1 - c * x) + c * c * x * y;
        sum += h * h * weight(b, s) * weight(d - 1, t) * (q == 0 ? 0.5 * std::log(squared) : std::pow(squared, q / 2));
      }
    return q == 0 ? sum : std::log(sum);
  };
  // The same in 20 digits, by mpmath.quad over Y inside X (mpmath 1.3, tanh-sinh).
  CHECK(moments(isotropic(4, 1.0), oracle::sgd(), "gaussian", 3).log_growth(0, 0.6).value ==
        Approx(-0.23783918900328537).margin(1e-11));
  CHECK(moments(isotropic(2, 1.0), oracle::sgd(), "gaussian", 3).log_growth(1, 0.6).value ==
        Approx(-0.40638555459383027).margin(1e-11));
  CHECK(moments(isotropic(3, 1.0), oracle::sgd(), "gaussian", 1).log_growth(0.5, 0.5).value ==
        Approx(-0.01041744678880405).margin(1e-11));
  for (const int d : {4, 9})
    for (const double q : {0.0, 0.5, 1.0, 3.0}) {
      INFO("d=" << d << " q=" << q);
      const auto model = isotropic(d, 1.0);
      const auto growth = moments(model, oracle::sgd(), "gaussian", 3).log_growth(q, 0.6);
      CHECK(growth.value == Approx(integral(q, 0.2, 3, d)).margin(1e-6));
      CHECK(growth.error < 1e-8);
    }
}

TEST_CASE("isotropic Gaussian rows: thresholds are ordered, and the tail index is a zero", "[stability]") {
  const auto model = isotropic(3, 0.5);
  const auto exact = moments(model, oracle::sgd(), "gaussian", 2);
  double before = 1e300;
  for (const double q : {0.0, 0.5, 1.0, 2.0, 4.0, 5.5}) {
    const auto steps = exact.stable_steps(q);
    REQUIRE(steps.intervals.size() == 1);
    CHECK(steps.threshold() < before);
    CHECK(exact.log_growth(q, steps.threshold()).value == Approx(0).margin(1e-9));
    before = steps.threshold();
  }
  const double eta = 0.5 * (exact.stable_steps(0).threshold() + exact.stable_steps(2).threshold());
  const auto tail = exact.tail_index(eta);
  REQUIRE(tail.alpha.has_value());
  CHECK(tail.alpha->value > 0);
  CHECK(tail.alpha->value < 2);
  CHECK(exact.log_growth(tail.alpha->value, eta).value == Approx(0).margin(1e-9));
}

TEST_CASE("moments out of reach are refused with the estimate", "[fast][stability]") {
  const auto model = oracle::random_rows(30, 12, 1, 920).model();
  const auto exact = moments(model, oracle::heavy_ball(0.9), "without-replacement", 15);
  CHECK(exact.unavailable(2).empty());
  const auto reason = exact.unavailable(4);
  CHECK(reason.find("1.551e+08 batches") != std::string::npos);
  CHECK_THROWS_AS(exact.log_growth(4, 0.1), brink::InvalidInput);
  const auto rule = oracle::sgd().make();
  const auto law = brink::make_batch_law("without-replacement");
  CHECK_THROWS_AS(brink::EvenMoment(model, *rule, *law, 1, 3), brink::InvalidInput);
  CHECK_THROWS_AS(brink::EvenMoment(model, *rule, *law, 1, 0), brink::InvalidInput);
  CHECK_THROWS_AS(brink::EvenMoment(model, *rule, *brink::make_batch_law("gaussian"), 1, 4), brink::InvalidInput);
  CHECK_THROWS_AS(moments(model, oracle::sgd(), "without-replacement", 31), brink::InvalidInput);
  CHECK_THROWS_AS(moments(model, oracle::sgd(), "without-replacement", 1).log_growth(-1, 0.1), brink::InvalidInput);
}
