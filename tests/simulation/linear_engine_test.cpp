#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "brink/sampling/philox.hpp"
#include "oracle/random.hpp"
#include "simulation/setting.hpp"

using namespace brink;
using simulation_test::dynamics;

namespace {

constexpr std::uint32_t kStep = 17;
constexpr std::uint32_t kStream = 1000;

/// One step of the replica with stream kStream + i, written out from the definition: the batch of that stream, the
/// gradient (1/B) Σ_k H_k x (+ b_k) with the rows as they are, the real update.
void reference_step(const LinearizedModel& model, const Dynamics& d, std::uint32_t replica, Vector& x, Vector& buffers,
                    bool with_noise) {
  const SampleRows& samples = model.samples();
  Philox random(d.seed, Purpose::batch, kStream + replica, kStep);
  std::vector<std::uint32_t> batch(static_cast<std::size_t>(std::max(samples.samples, d.batch_size)));
  const Index drawn = d.law->draw(samples.samples, d.batch_size, random, batch.data());
  Vector gradient = Vector::Zero(x.size());
  for (Index i = 0; i < drawn; ++i) {
    const Index k = batch[static_cast<std::size_t>(i)];
    for (Index j = k * samples.outputs; j < (k + 1) * samples.outputs; ++j) {
      const double sign = samples.is_signed() ? samples.signs[j] : 1.0;
      gradient += sign * samples.rows.row(j).dot(x) * samples.rows.row(j).transpose();
    }
    if (with_noise) gradient += model.gradient_noise().row(k).transpose();
  }
  gradient /= static_cast<double>(d.batch_size);
  d.rule->step(d.eta, gradient.data(), x.data(), buffers.data(), x.size());
}

void check_against_reference(const oracle::Example& example, const Dynamics& d, bool with_noise = false) {
  const LinearizedModel model = example.model();
  const auto engine = make_linear_engine(model, d, with_noise);
  const Index r = model.rank();
  const Index k = d.rule->states();
  const Index length = engine->state_size() / k;
  constexpr Index replicas = 19;  // more than a tile, and not a multiple of it
  oracle::Random random(99);
  RowMatrix states = RowMatrix::Zero(replicas, engine->state_size());
  for (Index i = 0; i < replicas; ++i) {
    for (Index s = 0; s < k; ++s) {
      for (Index j = 0; j < r; ++j) states(i, s * length + j) = random.normal();
    }
  }
  const RowMatrix before = states;
  engine->advance(kStep, kStream, replicas, states.data());
  for (Index i = 0; i < replicas; ++i) {
    Vector x = before.row(i).head(r).transpose();
    Vector buffers((k - 1) * r);
    for (Index s = 1; s < k; ++s) buffers.segment((s - 1) * r, r) = before.row(i).segment(s * length, r).transpose();
    reference_step(model, d, static_cast<std::uint32_t>(i), x, buffers, with_noise);
    const double scale = 1e-13 * (1 + x.norm() + buffers.norm());
    CHECK((states.row(i).head(r).transpose() - x).norm() < scale);
    for (Index s = 1; s < k; ++s) {
      CHECK((states.row(i).segment(s * length, r).transpose() - buffers.segment((s - 1) * r, r)).norm() < scale);
    }
    CHECK(states.row(i).tail(length - r).isZero(0));  // the padding stays zero
  }
}

}  // namespace

TEST_CASE("a step of the linear engine is the real update with the drawn batch", "[simulation][fast]") {
  SECTION("every dimension around the registers") {
    for (const int rank : {1, 2, 3, 4, 5, 7, 8, 12, 20, 29, 32, 33, 40, 63}) {
      for (const int batch_size : {1, 3, 4, 6, 11}) {
        CAPTURE(rank, batch_size);
        check_against_reference(oracle::random_rows(70, rank, 1, 3),
                                dynamics(oracle::heavy_ball(0.7), "without-replacement", batch_size, 0.1));
      }
    }
  }
  SECTION("every law, from one sample to all, where the complement takes over") {
    for (const std::string& law : oracle::finite_laws()) {
      for (const int batch_size : {1, 4, 5, 6, 8, 9}) {
        CAPTURE(law, batch_size);
        check_against_reference(oracle::random_rows(9, 6, 1, 5), dynamics(oracle::sgd(), law, batch_size, 0.1));
      }
    }
  }
  SECTION("several outputs, indefinite curvature, gradient noise") {
    for (const int batch_size : {1, 5, 8, 10}) {
      CAPTURE(batch_size);
      const auto d = dynamics(oracle::nesterov(0.5), "without-replacement", batch_size, 0.1);
      check_against_reference(oracle::random_rows(10, 6, 3, 5), d);
      check_against_reference(oracle::random_indefinite(10, 6, 6), d);
      check_against_reference(oracle::with_gradients(oracle::random_rows(10, 6, 2, 7), 8), d, true);
    }
  }
  SECTION("every rule") {
    for (const oracle::Rule& rule : oracle::all_rules()) {
      CAPTURE(rule.label());
      check_against_reference(oracle::random_rows(10, 6, 1, 5), dynamics(rule, "bernoulli", 3, 0.1));
    }
  }
}

TEST_CASE("a replica does not depend on who moves beside it", "[simulation][fast]") {
  const LinearizedModel model = oracle::random_rows(50, 20, 1, 3).model();
  const LinearizedModel population = LinearizedModel::from_spectrum(Vector::LinSpaced(20, 2, 1));
  const auto finite = make_linear_engine(model, dynamics(oracle::heavy_ball(0.9), "without-replacement", 4, 0.05));
  const auto gaussian = make_linear_engine(population, dynamics(oracle::heavy_ball(0.9), "gaussian", 4, 0.05));
  for (const Engine* engine : {finite.get(), gaussian.get()}) {
    constexpr Index replicas = 40;
    RowMatrix together(replicas, engine->state_size());
    for (std::uint32_t i = 0; i < replicas; ++i) engine->initialize(i, together.row(i).data());
    RowMatrix alone = together;
    for (std::uint32_t step = 0; step < 5; ++step) {
      engine->advance(step, 0, replicas, together.data());
      for (std::uint32_t i = 0; i < replicas; ++i) engine->advance(step, i, 1, alone.row(i).data());
    }
    CHECK(together == alone);
    for (Index i = 1; i < replicas; ++i) CHECK(together.row(i) != together.row(0));
  }
}

TEST_CASE("replicas start on the unit sphere with empty buffers, each elsewhere", "[simulation][fast]") {
  const LinearizedModel model = oracle::random_rows(30, 5, 1, 3).model();
  const auto engine = make_linear_engine(model, dynamics(oracle::heavy_ball(0.9), "without-replacement", 4, 2.0));
  Vector sum = Vector::Zero(engine->state_size());
  Vector state(engine->state_size());
  constexpr int replicas = 2000;
  for (std::uint32_t i = 0; i < replicas; ++i) {
    engine->initialize(i, state.data());
    CHECK(engine->squared_norm(state.data()) == Approx(1).epsilon(1e-14));
    CHECK(state.tail(engine->state_size() / 2).isZero(0));
    sum += state;
  }
  CHECK((sum / replicas).norm() < 5 / std::sqrt(replicas));

  // ‖x‖² + η²‖m‖².
  state.setZero();
  state[engine->state_size() / 2] = 3;
  CHECK(engine->squared_norm(state.data()) == 36);
  engine->scale(state.data(), 0.5);
  CHECK(engine->squared_norm(state.data()) == 9);
}

TEST_CASE("fresh Gaussian rows have the moments of the population", "[simulation][fast]") {
  // One SGD step from a fixed x with η = 1: x − g, g = H_B x with E g = λ∘x and, for B rows a ~ N(0, diag λ),
  // E g gᵀ = (1 − 1/B)(λ∘x)(λ∘x)ᵀ + (1/B)[2(λ∘x)(λ∘x)ᵀ + (xᵀΛx)Λ] [Isserlis].
  const Vector lambda = (Vector(3) << 2, 1, 0.25).finished();
  const LinearizedModel model = LinearizedModel::from_spectrum(lambda);
  const Vector x = (Vector(3) << 0.5, -1, 2).finished();
  const Vector mean = lambda.cwiseProduct(x);
  for (const int batch_size : {1, 3}) {
    const auto engine = make_linear_engine(model, dynamics(oracle::sgd(), "gaussian", batch_size, 1.0));
    REQUIRE(engine->name() == "gaussian");
    const Matrix lambda_matrix = lambda.asDiagonal();
    const Matrix second =
        mean * mean.transpose() + (mean * mean.transpose() + x.dot(mean) * lambda_matrix) / batch_size;
    constexpr int draws = 200'000;
    Vector sum = Vector::Zero(3);
    Matrix products = Matrix::Zero(3, 3);
    Matrix squares = Matrix::Zero(3, 3);
    for (std::uint32_t i = 0; i < draws; ++i) {
      Vector state = Vector::Zero(engine->state_size());
      state.head(3) = x;
      engine->advance(0, i, 1, state.data());
      const Vector g = x - state.head(3);
      const Matrix outer = g * g.transpose();
      sum += g;
      products += outer;
      squares += outer.cwiseAbs2();
    }
    for (Index a = 0; a < 3; ++a) {
      const double variance = second(a, a) - mean[a] * mean[a];
      CHECK(std::abs(sum[a] / draws - mean[a]) < 4.5 * std::sqrt(variance / draws));
      for (Index b = 0; b <= a; ++b) {
        const double average = products(a, b) / draws;
        const double error = std::sqrt((squares(a, b) / draws - average * average) / draws);
        CHECK(std::abs(average - second(a, b)) < 4.5 * error);
      }
    }
  }
}

TEST_CASE("dynamics that do not exist are refused", "[simulation][fast]") {
  const LinearizedModel model = oracle::three_rows().model();
  const auto with = [](std::string_view law, Index batch_size, double eta) {
    return dynamics(oracle::sgd(), law, batch_size, eta);
  };
  CHECK_THROWS_WITH(make_linear_engine(model, with("bernoulli", 4, 0.1)), Catch::Contains("batch_size = 4"));
  CHECK_THROWS_AS(make_linear_engine(model, with("bernoulli", 0, 0.1)), InvalidInput);
  CHECK_THROWS_WITH(make_linear_engine(model, with("bernoulli", 1, -1)), Catch::Contains("eta = -1"));
  CHECK_THROWS_AS(make_linear_engine(model, with("bernoulli", 1, std::numeric_limits<double>::infinity())),
                  InvalidInput);
  CHECK_THROWS_AS(make_linear_engine(model, with("bernoulli", 1, 0.1), true), InvalidInput);  // it interpolates
  CHECK_THROWS_AS(make_linear_engine(model, Dynamics{}), InvalidInput);
  const LinearizedModel population = LinearizedModel::from_spectrum(Vector::Ones(3));
  CHECK_THROWS_AS(make_linear_engine(population, with("bernoulli", 1, 0.1)), InvalidInput);
  CHECK_NOTHROW(make_linear_engine(population, with("gaussian", 100, 0.1)));
}
