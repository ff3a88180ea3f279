// Curvature of mini-batches against the enumeration of every batch that a law can draw.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/curvature/batch_curvature.hpp"
#include "curvature/example_objective.hpp"
#include "oracle/batches.hpp"

using brink::Batch;
using brink::Index;
using brink::Matrix;
using brink::Vector;
using brink::test::ExampleObjective;

namespace {

constexpr Index kSamples = 6;
constexpr Index kParameters = 5;

ExampleObjective<double> example() { return {kSamples, 2, kParameters, 0.2, 4}; }
Vector point() { return Vector::LinSpaced(kParameters, -0.4, 0.7); }

/// Expectations over every batch, by the definitions.
struct Exact {
  double sharpness = 0, sharpness_in = 0, gni = 0, interaction_aware = 0, generalized = 0, directional = 0, largest = 0;
};

Exact exact(const std::string& law, int batch_size, const brink::UpdateRule& rule, double eta, const Vector& buffers) {
  const auto problem = example();
  const Vector theta = point();
  const Matrix hessian = problem.dense_hessian(theta, problem.all());
  const double mean_squared = problem.dense_gradient(theta, problem.all()).squaredNorm();
  Exact e;
  double gHg = 0, gg = 0, gHg_full = 0, sHs = 0, sg = 0, with_gradient = 0;
  for (const auto& one : oracle::all_batches(law, kSamples, batch_size)) {
    const std::vector<std::uint32_t> members(one.samples.begin(), one.samples.end());
    const Batch batch{members, static_cast<double>(batch_size)};
    const Vector g = problem.dense_gradient(theta, batch);
    const Matrix h = problem.dense_hessian(theta, batch);
    Vector x = theta, m = buffers, copy = g;
    rule.step(eta, copy.data(), x.data(), m.data(), kParameters);
    const Vector s = (theta - x) / eta;
    const double w = one.probability;
    if (!members.empty()) {
      e.sharpness += w * g.dot(h * g) / g.squaredNorm();
      with_gradient += w;
    }
    gHg += w * g.dot(h * g);
    gg += w * g.squaredNorm();
    gHg_full += w * g.dot(hessian * g);
    sHs += w * s.dot(h * s);
    sg += w * s.dot(g);
    e.directional += w * s.dot(hessian * s) / s.squaredNorm();
    e.largest += w * (members.empty() ? 0 : oracle::symmetric_eigenvalues(h).maxCoeff());
  }
  e.sharpness /= with_gradient;
  e.sharpness_in = gHg / gg;
  e.gni = gHg_full / mean_squared;
  e.interaction_aware = gHg_full / gg;
  e.generalized = sHs / sg;
  return e;
}

void check_within(const brink::Estimate& estimate, double exact_value, const char* name) {
  CAPTURE(name, estimate.value, estimate.error, exact_value);
  CHECK(std::abs(estimate.value - exact_value) < 4.5 * estimate.error);
  CHECK(estimate.error < 0.06 * std::abs(exact_value) + 1e-12);
  CHECK(estimate.warnings.empty());
}

}  // namespace

TEST_CASE("batch curvature is the expectation over all batches", "[curvature][fast]") {
  const auto problem = example();
  const Vector theta = point();
  const auto rule = brink::make_update_rule("heavy-ball", {.momentum = 0.8});
  const Vector buffers = 3 * Vector::LinSpaced(kParameters, 1, -1);
  const brink::PendingStep<double> step{rule.get(), 0.1, &buffers};
  for (const char* law : {"without-replacement", "with-replacement", "bernoulli"}) {
    CAPTURE(law);
    brink::BatchProbeOptions options;
    options.law = brink::make_batch_law(law);
    options.batch_size = 2;
    options.relative_error = 0.05;
    options.max_batches = 400000;
    options.seed = 12;
    const Exact e = exact(law, 2, *rule, 0.1, buffers);
    const auto found = brink::batch_curvature<double>(problem, theta, options, true, step);
    check_within(found.batch_sharpness, e.sharpness, "batch sharpness");
    check_within(found.batch_sharpness_in, e.sharpness_in, "ratio of means");
    check_within(*found.gradient_noise_interaction, e.gni, "gradient-noise interaction");
    check_within(*found.interaction_aware_sharpness, e.interaction_aware, "interaction-aware");
    check_within(*found.generalized_batch_sharpness, e.generalized, "generalized");
    check_within(*found.directional_sharpness, e.directional, "directional");
    options.max_batches = 4096;
    const auto largest = brink::batch_lambda_max<double>(problem, theta, options);
    check_within(largest.value, e.largest, "largest eigenvalue");
  }
}

TEST_CASE("the full batch is one batch, without noise", "[curvature][fast]") {
  const auto problem = example();
  const Vector theta = point();
  brink::BatchProbeOptions options;
  options.law = brink::make_batch_law("without-replacement");
  options.batch_size = kSamples;
  const auto found = brink::batch_curvature<double>(problem, theta, options);
  const Vector g = problem.dense_gradient(theta, problem.all());
  const Matrix h = problem.dense_hessian(theta, problem.all());
  const double sharpness = g.dot(h * g) / g.squaredNorm();
  CHECK(found.batches == 1);
  for (const auto& one : {found.batch_sharpness, found.batch_sharpness_in, *found.gradient_noise_interaction,
                          *found.interaction_aware_sharpness}) {
    CHECK(one.value == Approx(sharpness).epsilon(1e-12));
    CHECK(one.error < 1e-13 * std::abs(sharpness));
    CHECK(one.warnings.empty());
  }
}

TEST_CASE("probes are the same for any number of threads, and say when they are not accurate", "[curvature][fast]") {
  const ExampleObjective<float> problem(kSamples, 2, kParameters, 0.2, 4);
  const brink::VectorOf<float> theta = point().cast<float>();
  brink::BatchProbeOptions options;
  options.law = brink::make_batch_law("without-replacement");
  options.relative_error = 1e-4;
  options.max_batches = 100;
  const auto one = brink::batch_curvature<float>(problem, theta, options);
  options.threads = 2;
  const auto two = brink::batch_curvature<float>(problem, theta, options);
  CHECK(one.batch_sharpness.value == two.batch_sharpness.value);
  CHECK(one.batch_sharpness_in.error == two.batch_sharpness_in.error);
  CHECK(one.batches == 100);
  CHECK(one.batch_sharpness.warnings.size() == 1);
  options.step = 1;  // other batches
  CHECK(brink::batch_curvature<float>(problem, theta, options).batch_sharpness.value != one.batch_sharpness.value);
}

TEST_CASE("one step on a quadratic multiplies the batch gradient by at least (eta BS - 1)^2", "[curvature][fast]") {
  // E[‖∇L_B(θ⁺)‖²/‖∇L_B(θ)‖²] ≥ (η·BS − 1)² for θ⁺ = θ − η∇L_B(θ), on every quadratic: Jensen and Cauchy–Schwarz.
  const ExampleObjective<double> problem(kSamples, 1, kParameters, 0, 8);
  const Vector theta = point();
  for (const int batch_size : {1, 2, 5}) {
    for (const double eta : {0.1, 0.5, 1.5}) {
      double growth = 0, sharpness = 0;
      for (const auto& one : oracle::all_batches("without-replacement", kSamples, batch_size)) {
        const std::vector<std::uint32_t> members(one.samples.begin(), one.samples.end());
        const Batch batch{members, static_cast<double>(batch_size)};
        const Vector g = problem.dense_gradient(theta, batch);
        growth += one.probability * problem.dense_gradient(theta - eta * g, batch).squaredNorm() / g.squaredNorm();
        sharpness += one.probability * g.dot(problem.dense_hessian(theta, batch) * g) / g.squaredNorm();
      }
      CHECK(growth >= std::pow(eta * sharpness - 1, 2) * (1 - 1e-12));
    }
  }
}

TEST_CASE("batch probes refuse what they cannot draw", "[curvature][fast]") {
  const auto problem = example();
  brink::BatchProbeOptions options;
  options.law = brink::make_batch_law("gaussian");
  CHECK_THROWS_AS(brink::batch_curvature<double>(problem, point(), options), brink::InvalidInput);
  options.law = brink::make_batch_law("without-replacement");
  options.batch_size = kSamples + 1;
  CHECK_THROWS_AS(brink::batch_curvature<double>(problem, point(), options), brink::InvalidInput);
  options.batch_size = 0;
  CHECK_THROWS_AS(brink::batch_curvature<double>(problem, point(), options), brink::InvalidInput);
  options.batch_size = 1;
  CHECK_THROWS_AS(brink::batch_curvature<double>(problem, Vector::Zero(2), options), brink::InvalidInput);
  CHECK_THROWS_AS(brink::batch_curvature<double>(problem, Vector::Constant(kParameters, NAN), options),
                  brink::InvalidInput);
}
