// The stationary state at a minimum with gradient noise, against the discrete Lyapunov equation of the lifted state.

#include "brink/stability/stationary.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/examples.hpp"
#include "oracle/second_moment.hpp"

using oracle::Example;
using oracle::Matrix;
using oracle::Rule;

namespace {

std::vector<Example> noisy_models() {
  return {oracle::with_gradients(oracle::random_rows(4, 2, 1, 91), 92),
          oracle::with_gradients(oracle::random_rows(4, 3, 2, 93), 94),
          oracle::with_gradients(oracle::random_indefinite(4, 2, 95), 96)};
}

}  // namespace

TEST_CASE("the stationary covariance solves the Lyapunov equation, every rule and law", "[fast][stability][oracle]") {
  for (const auto& example : noisy_models()) {
    const auto model = example.model();
    REQUIRE(!model.interpolates());
    const Matrix h = example.mean_hessian();
    for (const auto& cell : oracle::all_rules())
      for (const auto& law_name : oracle::finite_laws()) {
        const auto rule = cell.make();
        const auto law = brink::make_batch_law(law_name);
        const auto batches = oracle::all_batches(law_name, example.samples(), 2);
        const double limit = brink::mean_square_threshold(model, *rule, *law, 2).eta;
        for (const double ratio : {0.01, 0.5, 0.95}) {
          INFO(example.name << ", " << cell.label() << ", " << law_name << ", eta/eta*=" << ratio);
          const double eta = ratio * limit;
          const Matrix lifted =
              oracle::stationary_covariance(example.hessians(), example.gradients, batches, 2, cell.reference(), eta);
          const Matrix x = lifted.topLeftCorner(h.rows(), h.rows());
          const auto state = brink::stationary_state(model, *rule, *law, 2, eta);
          const Matrix found = model.basis() * state.covariance * model.basis().transpose();
          CHECK((found - x).norm() <= 1e-8 * x.norm());
          CHECK(state.trace == Approx(x.trace()).epsilon(1e-8));
          CHECK(state.excess_loss == Approx(0.5 * (h * x).trace()).epsilon(1e-8));
          CHECK(state.gradient_norm_squared == Approx((h * h * x).trace()).epsilon(1e-8));
          CHECK(state.residual <= 1e-8);
        }
      }
  }
}

TEST_CASE("one dimension, heavy ball: E x² = η²s²g(ηa)/(1 − η²v g(ηa))", "[fast][stability]") {
  const Example example = oracle::with_gradients(oracle::random_rows(6, 1, 1, 97), 98);
  const auto model = example.model();
  const double n = 6;
  double a = 0, square = 0;
  for (const auto& h : example.hessians()) {
    a += h(0, 0) / n;
    square += h(0, 0) * h(0, 0) / n;
  }
  const double mean_b2 = example.gradients.squaredNorm() / n;
  for (const double beta : {-0.5, 0.0, 0.9})
    for (const double b : {1.0, 3.0}) {
      const auto check = [&](const std::string& law, double p1, double p2) {
        INFO(law << " beta=" << beta << " B=" << b);
        const auto rule = oracle::heavy_ball(beta).make();
        const double v = p1 * square - p2 * a * a;
        const double eta = 0.6 / (a / (2 * (1 + beta)) + v / (2 * a * (1 - beta)));
        const double x = eta * a, g = (1 + beta) / ((1 - beta) * x * (2 * (1 + beta) - x));
        const double expected = eta * eta * p1 * mean_b2 * g / (1 - eta * eta * v * g);
        const auto state = brink::stationary_state(model, *rule, *brink::make_batch_law(law), static_cast<int>(b), eta);
        CHECK(state.trace == Approx(expected).epsilon(1e-10));
        CHECK(state.excess_loss == Approx(0.5 * a * expected).epsilon(1e-10));
      };
      check("without-replacement", (n - b) / (b * (n - 1)), (n - b) / (b * (n - 1)));
      check("with-replacement", 1 / b, 1 / b);
      check("bernoulli", (1 - b / n) / b, 0);
    }
}

TEST_CASE("weight decay and noise outside the range of H: what is reported is the part inside",
          "[fast][stability][oracle]") {
  Example example{"rows along one axis", Matrix{{1, 0}, {2, 0}}};
  example.gradients = Matrix{{0.1, 1}, {-0.1, -1}};
  const auto model = example.model();
  REQUIRE(model.rank() == 1);
  REQUIRE(model.origin().warnings.size() == 1);
  CHECK(model.origin().warnings[0].find("weight decay") != std::string::npos);
  const auto law = brink::make_batch_law("without-replacement");
  const auto batches = oracle::all_batches("without-replacement", 2, 1);
  for (Rule cell : {oracle::sgd(), oracle::heavy_ball(0.5)}) {
    cell.parameters.weight_decay = 0.1;
    INFO(cell.label());
    const double eta = 0.2;
    const Matrix all =
        oracle::stationary_covariance(example.hessians(), example.gradients, batches, 1, cell.reference(), eta);
    const auto state = brink::stationary_state(model, *cell.make(), *law, 1, eta);
    CHECK(state.trace == Approx(all(0, 0)).epsilon(1e-10));
    CHECK(state.excess_loss == Approx(0.5 * 2.5 * all(0, 0)).epsilon(1e-10));
    // Outside: S(κ) times the variance 1 of the noise; docs/theory.md, section 5.
    const double beta = cell.parameters.momentum;
    const double y = eta * 0.1;
    CHECK(all(1, 1) == Approx(eta * eta * (1 + beta) / ((1 - beta) * y * (2 * (1 + beta) - y))).epsilon(1e-10));
    const Example inside{"the same on the axis", Matrix{{1}, {2}}};
    const auto moment = oracle::second_moment_of("without-replacement", inside.hessians(), 1, cell.reference());
    CHECK(brink::mean_square_growth(model, *cell.make(), *law, 1, eta).log_growth ==
          Approx(oracle::log_growth(moment(eta))).epsilon(1e-10));
  }
}

TEST_CASE("the stationary covariance diverges as 1/(η* − η), and its pole is the threshold", "[fast][stability]") {
  // A least-squares line through ln tr X against ln(1 − η/η*) has the slope −1; and a parabola through 1/tr X at three
  // step sizes, which knows nothing of η*, ends where the second moment does.
  for (const auto& example : noisy_models()) {
    const auto model = example.model();
    for (const auto& cell : oracle::all_rules())
      for (const auto& law_name : oracle::finite_laws()) {
        INFO(example.name << ", " << cell.label() << ", " << law_name);
        const auto rule = cell.make();
        const auto law = brink::make_batch_law(law_name);
        const double limit = brink::mean_square_threshold(model, *rule, *law, 2).eta;
        const auto trace = [&](double gap) {
          return brink::stationary_state(model, *rule, *law, 2, limit * (1 - gap)).trace;
        };
        double sx = 0, sy = 0, sxx = 0, sxy = 0;
        constexpr int count = 5;
        for (int i = 0; i < count; ++i) {
          const double gap = std::pow(10.0, -4 - 0.5 * i), x = std::log(gap), y = std::log(trace(gap));
          sx += x, sy += y, sxx += x * x, sxy += x * y;
        }
        CHECK((count * sxy - sx * sy) / (count * sxx - sx * sx) == Approx(-1).margin(3e-3));
        const double g[] = {1e-4, 2e-4, 3e-4}, f[] = {1 / trace(g[0]), 1 / trace(g[1]), 1 / trace(g[2])};
        // Newton's form at gap 0: what is left of 1/tr X at the threshold, over its value at the first gap.
        const double first = (f[1] - f[0]) / (g[1] - g[0]), second = (f[2] - f[1]) / (g[2] - g[1]);
        const double at_limit = f[0] - g[0] * first + g[0] * g[1] * (second - first) / (g[2] - g[0]);
        CHECK(std::abs(at_limit / f[0]) < 1e-3);
      }
  }
}

TEST_CASE("no noise at the full batch, no state for a model that interpolates or is unstable", "[fast][stability]") {
  const Example example = noisy_models()[0];
  const auto model = example.model();
  const auto rule = oracle::heavy_ball(0.5).make();
  const auto law = brink::make_batch_law("without-replacement");
  CHECK(brink::stationary_state(model, *rule, *law, 4, 0.1).trace == Approx(0).margin(1e-15));
  const double limit = brink::mean_square_threshold(model, *rule, *law, 1).eta;
  for (const double eta : {limit * (1 + 1e-6), 2 * limit, 100 * limit})
    CHECK_THROWS_AS(brink::stationary_state(model, *rule, *law, 1, eta), brink::InvalidInput);
  CHECK_THROWS_AS(brink::stationary_state(oracle::three_rows().model(), *rule, *law, 1, 0.1), brink::InvalidInput);
}
