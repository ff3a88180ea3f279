// The formulas of the study of label noise against the library, which computes stationary states in another way, and
// against differences.

#include "analysis/label_noise.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "analysis/models.hpp"
#include "brink/stability/stationary.hpp"

using namespace brink;
using namespace brink::analysis;

namespace {

const std::vector<std::string> kModels = {"diagonal", "tanh"};

NoisySteps steps_at(const CurvatureRange& at, double part, double beta, Index batch) {
  return {part * (1 + beta) / at.curvature[0], beta, batch};
}

}  // namespace

TEST_CASE("with all samples the covariance of label noise is that of Damian, Ma and Lee", "[study][fast]") {
  for (const auto& model : kModels)
    for (const double beta : {0.0, 0.5, 0.9}) {
      const FittedNetwork network = fitted_network(model, 5);
      const CurvatureRange at = curvature_range(*network.objective, network.theta);
      const NoisySteps steps = steps_at(at, 1.2, beta, 3);
      const Matrix exact = stationary_covariance(at, steps, NoiseLaw::exact);
      const Matrix claimed = stationary_covariance(at, steps, NoiseLaw::claimed);
      CHECK((exact - claimed).norm() < 1e-11 * claimed.norm());
      CHECK(claimed(0, 0) == Approx(0.5 / (1 - 0.6)).epsilon(1e-12));

      const NoisySteps small = steps_at(at, 1e-6, beta, 3);
      const Matrix simple = stationary_covariance(at, small, NoiseLaw::simple);
      CHECK((simple - stationary_covariance(at, small, NoiseLaw::exact)).norm() < 1e-6 * simple.norm());
    }
}

TEST_CASE("with one sample the covariance of label noise is the stationary state of the library", "[study][fast]") {
  // Two copies of every row with the noise +a and −a, drawn with replacement: sampling noise and gradient noise are
  // then those of single samples with label noise of variance 1.
  for (const auto& model : kModels)
    for (const double beta : {0.0, 0.5, 0.9}) {
      CAPTURE(model, beta);
      const FittedNetwork network = fitted_network(model, 5);
      const CurvatureRange at = curvature_range(*network.objective, network.theta);
      const NoisySteps steps = steps_at(at, 0.3 * (1 - beta), beta, 1);
      RowMatrix twice(2 * at.rows.rows(), at.rows.cols()), noise(2 * at.rows.rows(), at.rows.cols());
      twice << at.rows, at.rows;
      noise << at.rows, -at.rows;
      const StationaryState state =
          stationary_state(LinearizedModel::from_rows(twice, 1, 1e-15, noise), *rule_with("heavy-ball", beta),
                           *make_batch_law("with-replacement"), 1, steps.eta);
      const double weight = steps.eta / (1 - beta);
      const Matrix covariance = weight * stationary_covariance(at, steps, NoiseLaw::exact);
      CHECK(covariance.trace() == Approx(state.trace).epsilon(1e-8));
      CHECK(0.5 * covariance.diagonal().dot(at.curvature) == Approx(state.excess_loss).epsilon(1e-8));
    }
}

TEST_CASE("the drift of label noise is the gradient of its regularizer along the minima", "[study][fast]") {
  for (const auto& model : kModels)
    for (const double beta : {0.0, 0.5, 0.9}) {
      CAPTURE(model, beta);
      const FittedNetwork network = fitted_network(model, 5);
      const auto& objective = *network.objective;
      const CurvatureRange at = curvature_range(objective, network.theta);
      const NoisySteps steps = steps_at(at, 1.2, beta, 3);
      Vector gradient(network.theta.size());
      drift_gradient(objective, steps, NoiseLaw::claimed, network.theta, gradient);
      CHECK((at.basis.transpose() * gradient).norm() < 1e-12 * gradient.norm());
      Vector along = normal_numbers(5, 9, network.theta.size());
      along -= at.basis * (at.basis.transpose() * along);
      const double h = 1e-5 / along.norm();
      const double slope = (log_regularizer(objective, steps, network.theta + h * along) -
                            log_regularizer(objective, steps, network.theta - h * along)) /
                           (2 * h);
      CHECK(slope == Approx(gradient.dot(along)).epsilon(1e-6));
    }
}

TEST_CASE("gradient flow on a parabola is an exponential", "[study][fast]") {
  const GradientAt<double> at = [](const Vector& theta, Vector& out) {
    out = 3 * theta;
    return 1.5 * theta.squaredNorm();
  };
  const Vector end = flowed(at, Vector::Constant(2, 4.0), 0.7);
  CHECK(end[0] == Approx(4 * std::exp(-2.1)).epsilon(1e-12));
}

TEST_CASE("the drift is compared from a quarter of the time on", "[study][fast]") {
  // 0.9 of what is said, but for the first quarter, in which all of it is missing.
  const std::vector<double> said = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<double> measured;
  for (const double way : said) measured.push_back(0.9 * way - 1.5);
  CHECK(drift_ratio(measured, said) == Approx(0.9));
  measured[0] = 100;  // before
  measured[5] = NAN;  // between
  CHECK(drift_ratio(measured, said) == Approx(0.9));
  measured[1] -= 0.6;  // at the quarter: one tenth of what is said from there on
  CHECK(drift_ratio(measured, said) == Approx(1));
  measured[7] = NAN;
  CHECK(std::isnan(drift_ratio(measured, said)));
  CHECK_FALSE(std::isfinite(drift_ratio(said, std::vector<double>(8, 1.0))));  // nothing is said to move
  CHECK(drift_ratio({2, 4, 6, 8}, {1, 2, 3, 4}) == Approx(2));
}
