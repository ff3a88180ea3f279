// Controls of the noise against what each of them must do exactly, by dense matrices in parameter space.

#include "brink/simulation/controls.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/simulation/reshuffled_engine.hpp"
#include "oracle/epochs.hpp"
#include "oracle/second_moment.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using namespace simulation_test;

namespace {

/// Σ(x) of a law in parameter space, for E xxᵀ = `x`.
oracle::Matrix noise(const oracle::Example& example, const std::string& law, int batch_size, const oracle::Matrix& x) {
  if (law == "gaussian") return oracle::gaussian_gradient_covariance(example.mean_hessian(), batch_size, x);
  return oracle::gradient_covariance(example.hessians(), oracle::all_batches(law, example.samples(), batch_size),
                                     batch_size, x);
}

/// Z ↦ A Z Aᵀ + Σ_ij C_ij v_i v_jᵀ on the lifted state, v_i what a unit of gradient along i adds.
oracle::Matrix moved(const oracle::Matrix& map, const oracle::Recursion& rule, double eta, const oracle::Matrix& z,
                     const oracle::Matrix& covariance) {
  const Index d = covariance.rows();
  oracle::Matrix input(map.rows(), d);
  for (Index i = 0; i < d; ++i) input.col(i) = oracle::lifted_input(rule, eta, oracle::Matrix::Identity(d, d).col(i));
  return map * z * map.transpose() + input * covariance * input.transpose();
}

/// The second moment under isotropic noise of the strength tr Σ, as one matrix on vec(Z).
oracle::Matrix isotropic_moment(const oracle::Example& example, const std::string& law, int batch_size,
                                const oracle::Recursion& rule, double eta) {
  const Index d = example.dimension();
  const oracle::Matrix map = oracle::lifted_map(rule, eta, example.mean_hessian());
  const Index m = map.rows();
  oracle::Matrix moment(m * m, m * m);
  for (Index column = 0; column < m * m; ++column) {
    oracle::Matrix z = oracle::Matrix::Zero(m, m);
    z(column % m, column / m) = 1;
    const double trace = noise(example, law, batch_size, z.topLeftCorner(d, d)).trace();
    const oracle::Matrix next =
        moved(map, rule, eta, z, trace / static_cast<double>(d) * oracle::Matrix::Identity(d, d));
    moment.col(column) = Eigen::Map<const oracle::Vector>(next.data(), m * m);
  }
  return moment;
}

}  // namespace

TEST_CASE("Gaussian noise of the same second moment has the same mean-square growth", "[simulation]") {
  struct Case {
    oracle::Example example;
    std::string law;
    int batch_size;
    oracle::Rule rule;
    double eta;
  };
  const Case cases[] = {
      {oracle::three_rows(), "without-replacement", 1, oracle::sgd(), 0.65},
      {oracle::three_rows(), "with-replacement", 2, oracle::heavy_ball(0.5), 0.9},
      {oracle::random_rows(5, 3, 2, 21), "bernoulli", 2, oracle::sgd(), 0.3},
      {oracle::random_indefinite(6, 2, 23), "without-replacement", 2, oracle::nesterov(0.3), 0.25},
      {oracle::random_rows(6, 3, 1, 22), "gaussian", 2, oracle::heavy_ball(0.5), 0.3},
  };
  for (const auto& [example, law, batch_size, rule, eta] : cases) {
    CAPTURE(example.name, law, rule.label());
    const LinearizedModel model = example.model();
    const Dynamics d = dynamics(rule, law, batch_size, eta, 31);
    const auto engine = make_noise_control_engine(model, d, NoiseControl::gaussian);
    const double exact =
        oracle::log_growth(oracle::second_moment_of(law, example.hessians(), batch_size, rule.reference())(eta));
    const auto estimate = cloning_growth(*engine, d, options(4096, 256, 40));
    CAPTURE(estimate.log_growth.value, estimate.log_growth.error, exact);
    CHECK(std::abs(score(estimate, exact)) < 4);
    CHECK(estimate.log_growth.error < 0.01);
  }
}

TEST_CASE("a draw of the noise has exactly the covariance of the batch", "[simulation][fast]") {
  // One SGD step with η = 1 from a fixed x: x − Hx − ξ.
  const auto example = oracle::random_rows(5, 3, 2, 41);
  const LinearizedModel model = example.model();
  const Vector x = (Vector(3) << 1, -0.4, 0.7).finished();  // in the eigenbasis
  const oracle::Matrix at = model.basis() * x * x.transpose() * model.basis().transpose();
  constexpr Index replicas = 40000;
  for (const std::string& law : oracle::all_laws()) {
    for (const auto control : {NoiseControl::gaussian, NoiseControl::isotropic}) {
      CAPTURE(law, to_string(control));
      const Dynamics d = dynamics(oracle::sgd(), law, 2, 1.0, 5);
      const auto engine = make_noise_control_engine(model, d, control);
      RowMatrix states = RowMatrix::Zero(replicas, engine->state_size());
      states.leftCols(3).rowwise() = x.transpose();
      engine->advance(0, 0, replicas, states.data());
      const Matrix noises = states.leftCols(3).rowwise() - (x - model.spectrum().cwiseProduct(x)).transpose();
      Matrix exact = model.basis().transpose() * noise(example, law, 2, at) * model.basis();
      if (control == NoiseControl::isotropic) exact = (exact.trace() / 3 * Matrix::Identity(3, 3)).eval();
      const Matrix seen = noises.transpose() * noises / static_cast<double>(replicas);
      for (Index i = 0; i < 3; ++i) {
        CHECK(std::abs(noises.col(i).mean()) < 4.5 * std::sqrt(exact(i, i) / static_cast<double>(replicas)));
        for (Index j = 0; j < 3; ++j) {
          const double error =
              std::sqrt((exact(i, i) * exact(j, j) + exact(i, j) * exact(i, j)) / static_cast<double>(replicas));
          CHECK(std::abs(seen(i, j) - exact(i, j)) < 4.5 * error);
        }
      }
    }
  }
}

TEST_CASE("isotropic noise grows at its own rate", "[simulation]") {
  for (const auto& [rule, law, eta] : {std::tuple{oracle::sgd(), std::string("without-replacement"), 0.8},
                                       {oracle::heavy_ball(0.5), std::string("bernoulli"), 0.6},
                                       {oracle::sgd(), std::string("gaussian"), 0.6}}) {
    CAPTURE(rule.label(), law);
    const auto example = oracle::three_rows();
    const LinearizedModel model = example.model();
    const Dynamics d = dynamics(rule, law, 1, eta, 32);
    const auto engine = make_noise_control_engine(model, d, NoiseControl::isotropic);
    const double exact = oracle::log_growth(isotropic_moment(example, law, 1, rule.reference(), eta));
    const double sampled =
        oracle::log_growth(oracle::second_moment_of(law, example.hessians(), 1, rule.reference())(eta));
    const auto estimate = cloning_growth(*engine, d, options(4096, 512, 40));
    CAPTURE(estimate.log_growth.value, estimate.log_growth.error, exact, sampled);
    CHECK(std::abs(score(estimate, exact)) < 4);
    CHECK(std::abs(score(estimate, sampled)) > 8);  // and not at that of the batches
  }
}

TEST_CASE("the rate under isotropic noise solves one equation", "[simulation][fast]") {
  // SGD: Σ_j η² Q_jj/(r (ρ − (1 − ηλ_j)²)) = 1.
  const auto example = oracle::random_rows(6, 4, 1, 51);
  const LinearizedModel model = example.model();
  const double eta = 0.7 / model.lambda_max();
  const double rho =
      std::exp(oracle::log_growth(isotropic_moment(example, "without-replacement", 2, oracle::sgd().reference(), eta)));
  double sum = 0;
  for (Index j = 0; j < 4; ++j) {
    const oracle::Matrix mode = model.basis().col(j) * model.basis().col(j).transpose();
    const double q = noise(example, "without-replacement", 2, mode).trace();
    sum += eta * eta * q / 4 / (rho - std::pow(1 - eta * model.spectrum()[j], 2));
  }
  CHECK(sum == Approx(1).epsilon(1e-9));
}

TEST_CASE("frozen noise lets the loss settle at any step size below the noise-free edge", "[simulation][fast]") {
  const auto example = oracle::three_rows();
  const LinearizedModel model = example.model();
  const auto rule = oracle::heavy_ball(0.4);
  const double eta = 0.9;  // beyond the mean-square threshold of the batches
  const Dynamics d = dynamics(rule, "without-replacement", 1, eta, 33);
  REQUIRE(oracle::log_growth(
              oracle::second_moment_of("without-replacement", example.hessians(), 1, rule.reference())(eta)) > 0.1);
  const auto engine = make_noise_control_engine(model, d, NoiseControl::frozen);
  constexpr Index replicas = 20000;
  RowMatrix states(replicas, engine->state_size());
  for (std::uint32_t i = 0; i < replicas; ++i) engine->initialize(i, states.row(i).data());
  // Starts are uniform on the sphere: E x_0x_0ᵀ = I/2, and so is the covariance behind the noise.
  const oracle::Matrix start = oracle::Matrix::Identity(2, 2) / 2;
  const oracle::Matrix covariance = noise(example, "without-replacement", 1, start);
  const oracle::Matrix map = oracle::lifted_map(rule.reference(), eta, example.mean_hessian());
  oracle::Matrix z = oracle::Matrix::Zero(4, 4);
  z.topLeftCorner(2, 2) = start;
  for (std::uint32_t step = 0; step < 60; ++step) {
    engine->advance(step, 0, replicas, states.data());
    z = moved(map, rule.reference(), eta, z, covariance);
    if (step != 0 && step != 4 && step != 59) continue;
    Vector norms(replicas);
    for (Index i = 0; i < replicas; ++i) norms[i] = engine->squared_norm(states.row(i).data());
    const double exact = z.topLeftCorner(2, 2).trace() + eta * eta * z.bottomRightCorner(2, 2).trace();
    const double error = std::sqrt((norms.array() - norms.mean()).square().mean() / replicas);
    CAPTURE(step, norms.mean(), exact, error);
    CHECK(std::abs(norms.mean() - exact) < 4 * error);
  }
  // Scaling a state scales its noise, so estimators that rescale see the stationary state: growth 0.
  const auto estimate = cloning_growth(*engine, d, options(2048, 512, 100));
  CHECK(std::abs(score(estimate, 0)) < 4);
  CHECK(estimate.log_growth.error < 0.01);
}

TEST_CASE("fixed batches are the samples of another model", "[simulation][fast]") {
  const auto example = oracle::random_rows(7, 3, 2, 61);
  const LinearizedModel model = example.model();
  for (const bool drop : {false, true}) {
    const double eta = 0.35;
    const Dynamics d = dynamics(oracle::heavy_ball(0.3), "without-replacement", 1, eta, 34);
    const Epoch epoch{7, 3, drop ? LastBatch::dropped : LastBatch::smaller};
    const auto engine = make_batch_order_engine(model, epoch, BatchOrder::fixed, d);
    // The batches {0,1,2}, {3,4,5}, {6} with the probability of their samples.
    std::vector<oracle::Matrix> means;
    std::vector<oracle::Batch> batches;
    const auto hessians = example.hessians();
    const double used = drop ? 6 : 7;
    for (int first = 0; first < (drop ? 6 : 7); first += 3) {
      const int size = std::min(3, 7 - first);
      oracle::Matrix sum = oracle::Matrix::Zero(3, 3);
      for (int k = first; k < first + size; ++k) sum += hessians[static_cast<std::size_t>(k)];
      batches.push_back({size / used, {static_cast<int>(means.size())}});
      means.push_back(sum / size);
    }
    const double exact =
        oracle::log_growth(oracle::second_moment(means, batches, 1, oracle::heavy_ball(0.3).reference(), eta));
    const auto estimate = cloning_growth(*engine, d, options(4096, 512, 40));
    CAPTURE(drop, estimate.log_growth.value, estimate.log_growth.error, exact);
    CHECK(std::abs(score(estimate, exact)) < 4);
  }
}

TEST_CASE("cyclic batches grow as the product of a cycle", "[simulation][fast]") {
  const auto example = oracle::random_rows(7, 3, 2, 62);
  const LinearizedModel model = example.model();
  for (const bool drop : {false, true}) {
    for (const auto& rule : {oracle::sgd(), oracle::nesterov(0.6)}) {
      const double eta = 0.4;
      const Dynamics d = dynamics(rule, "without-replacement", 1, eta, 35);
      const auto engine =
          make_batch_order_engine(model, {7, 3, drop ? LastBatch::dropped : LastBatch::smaller}, BatchOrder::cyclic, d);
      const auto product =
          oracle::epoch_in_order(example.hessians(), {0, 1, 2, 3, 4, 5, 6}, 3, drop, rule.reference(), eta);
      // Epochs are deterministic: the rate of a run of powers, up to what a rotating pair of eigenvalues leaves.
      const double exact = 2 * std::log(oracle::spectral_radius(product));
      const auto estimate = cloning_growth(*engine, d, options(16, 4000, 400));
      CHECK(estimate.log_growth.value == Approx(exact).margin(2e-3));
    }
  }
}

TEST_CASE("controls refuse what they cannot do", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const LinearizedModel population = LinearizedModel::from_spectrum(Vector::Ones(2));
  CHECK_THROWS_WITH(
      make_noise_control_engine(model, dynamics(oracle::sgd(), "without-replacement", 4, 0.1), NoiseControl::isotropic),
      Catch::Contains("batch_size = 4"));
  CHECK_THROWS_AS(make_noise_control_engine(population, dynamics(oracle::sgd(), "without-replacement", 1, 0.1),
                                            NoiseControl::gaussian),
                  InvalidInput);
  CHECK_THROWS_AS(make_noise_control_engine(model, dynamics(oracle::sgd(), "bernoulli", 1, -1.0), NoiseControl::frozen),
                  InvalidInput);
  CHECK_THROWS_AS(
      make_batch_order_engine(model, {4, 2}, BatchOrder::fixed, dynamics(oracle::sgd(), "bernoulli", 1, 0.1)),
      InvalidInput);
}
