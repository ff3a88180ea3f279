#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "brink/model/array_problems.hpp"
#include "brink/simulation/noise_free.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using simulation_test::dynamics;

namespace {

/// ½(a_k·θ − y_k)² with a minimum away from the origin that does not interpolate, written out.
class Regression final : public OriginalProblem {
 public:
  Regression(Matrix rows, Vector targets, Vector minimum)
      : rows_(std::move(rows)), targets_(std::move(targets)), minimum_(std::move(minimum)) {}
  Index samples() const override { return rows_.rows(); }
  Index dimension() const override { return rows_.cols(); }
  const Vector& minimum() const override { return minimum_; }
  void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                        double*) const override {
    Eigen::Map<Vector> sum(gradient, dimension());
    sum.setZero();
    for (Index i = 0; i < count; ++i) {
      const Index k = batch[i];
      const double residual = rows_.row(k).dot(Eigen::Map<const Vector>(theta, dimension())) - targets_[k];
      sum += residual * rows_.row(k).transpose();
    }
  }
  double loss(const Vector& theta) const override {
    return 0.5 * (rows_ * theta - targets_).squaredNorm() / static_cast<double>(samples());
  }
  Vector project_to_range(const Vector& direction) const override { return direction; }

 private:
  Matrix rows_;
  Vector targets_;
  Vector minimum_;
};

Regression regression() {
  const Matrix rows = oracle::random_rows(12, 4, 1, 21).rows;
  const Vector targets = oracle::random_rows(12, 1, 1, 22).rows.col(0);
  return {rows, targets, oracle::solve(rows.transpose() * rows, rows.transpose() * targets)};
}

}  // namespace

TEST_CASE("direct trajectories are linear trajectories in other coordinates", "[simulation][fast]") {
  const Matrix rows = oracle::random_rows(12, 4, 1, 21).rows;
  const LinearizedModel model = LinearizedModel::from_rows(rows, 1, 2.3e-16);
  const auto problem = std::make_shared<Regression>(regression());
  for (const std::string& law : oracle::finite_laws()) {
    for (const oracle::Rule& rule : oracle::all_rules()) {
      CAPTURE(law, rule.label());
      const Dynamics d = dynamics(rule, law, 3, 0.02);
      const auto direct = make_direct_engine(problem, d);
      const auto linear = make_linear_engine(model, d);
      const Index padded = linear->state_size() / d.rule->states();
      Vector theta(direct->state_size());
      direct->initialize(0, theta.data());
      Vector z = Vector::Zero(linear->state_size());
      z.head(4) = model.basis().transpose() * theta.head(4);
      for (std::uint32_t step = 0; step < 30; ++step) {
        direct->advance(step, 0, 1, theta.data());
        linear->advance(step, 0, 1, z.data());
      }
      for (Index s = 0; s < rule.make()->states(); ++s) {
        CHECK((theta.segment(4 * s, 4) - model.basis() * z.segment(padded * s, 4)).norm() < 1e-12);
      }
      CHECK(direct->squared_norm(theta.data()) == Approx(linear->squared_norm(z.data())).epsilon(1e-10));
    }
  }
}

TEST_CASE("direct runs stay in the range and grow as linear ones", "[simulation][fast]") {
  // Six samples in eight dimensions: two directions that no sample sees would pin every growth rate at zero.
  RowsData data;
  data.rows = oracle::random_rows(6, 8, 1, 31).rows;
  const LinearizedModel model = linearize(data);
  const auto problem = make_problem(data, model);
  const Dynamics d = dynamics(oracle::heavy_ball(0.5), "without-replacement", 2, 0.02);
  const auto direct = make_direct_engine(problem, d);
  const Matrix basis = direct->state_basis();
  REQUIRE(basis.cols() == 6);
  CHECK((basis.transpose() * basis - Matrix::Identity(6, 6)).norm() < 1e-12);

  SimulationOptions options;
  options.replicas = 256;
  options.steps = 320;
  options.burn_in = 200;
  const auto measured = cloning_growth(*direct, d, options);
  const auto reference =
      cloning_growth(*make_linear_engine(model, dynamics(oracle::heavy_ball(0.5), "without-replacement", 2, 0.02, 2)),
                     dynamics(oracle::heavy_ball(0.5), "without-replacement", 2, 0.02, 2), options);
  CHECK(measured.log_growth.value < 0);
  CHECK(std::abs(measured.log_growth.value - reference.log_growth.value) <
        4.5 * std::hypot(measured.log_growth.error, reference.log_growth.error));

  const Dynamics full = dynamics(oracle::heavy_ball(0.5), "without-replacement", 6, 0.02);
  CHECK(deterministic_log_growth(*make_direct_engine(problem, full)) ==
        Approx(deterministic_log_growth(*make_linear_engine(model, full))).epsilon(1e-10));
}

TEST_CASE("a direct engine needs a problem and samples", "[simulation][fast]") {
  const auto problem = std::make_shared<Regression>(regression());
  CHECK_THROWS_AS(make_direct_engine(nullptr, dynamics(oracle::sgd(), "bernoulli", 1, 0.1)), InvalidInput);
  CHECK_THROWS_WITH(make_direct_engine(problem, dynamics(oracle::sgd(), "gaussian", 1, 0.1)),
                    Catch::Contains("gaussian"));
  CHECK_THROWS_AS(make_direct_engine(problem, dynamics(oracle::sgd(), "bernoulli", 13, 0.1)), InvalidInput);
}
