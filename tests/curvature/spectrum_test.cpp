// Largest eigenvalues, traces, norms and densities of operators with a known spectrum.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/curvature/spectral_density.hpp"
#include "brink/curvature/trace.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "curvature/example_objective.hpp"

using brink::Index;
using brink::Matrix;
using brink::SymmetricOperator;
using brink::Vector;
using brink::test::ExampleObjective;

namespace {

SymmetricOperator dense(const Matrix& a) {
  return {a.rows(), [a](const Vector& x, Vector& y) { y = a * x; }};
}

/// A dense matrix with the eigenvalues given, in a random basis.
Matrix with_spectrum(const Vector& values, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  const Index d = values.size();
  Matrix q = Matrix::NullaryExpr(d, d, [&](Index, Index) { return normal(random); });
  for (Index j = 0; j < d; ++j) {
    for (int pass = 0; pass < 2; ++pass)
      for (Index i = 0; i < j; ++i) q.col(j) -= q.col(i).dot(q.col(j)) * q.col(i);
    q.col(j).normalize();
  }
  return q * values.asDiagonal() * q.transpose();
}

}  // namespace

TEST_CASE("the largest eigenvalues, one by one, repeated and negative ones too", "[curvature][fast]") {
  Vector values(100);
  for (Index i = 0; i < 100; ++i) values[i] = -0.05 * static_cast<double>(i);
  values.head(6) << 7, 7, 7, 3, 3, 1;
  brink::TopEigenOptions options;
  for (const double shift : {0.0, -10.0, 100.0}) {
    const Vector shifted = values.array() + shift;
    const auto pairs = top_eigenpairs(dense(with_spectrum(shifted, 3)), 8, options);
    REQUIRE(pairs.size() == 8);
    for (Index i = 0; i < 8; ++i) {
      const auto& pair = pairs[static_cast<std::size_t>(i)];
      CAPTURE(shift, i);
      CHECK(pair.converged);
      CHECK(pair.value == Approx(shifted[i]).margin(1e-9));
      CHECK(pair.residual < 1e-8);
      for (Index j = 0; j < i; ++j) CHECK(std::abs(pair.vector.dot(pairs[static_cast<std::size_t>(j)].vector)) < 1e-12);
    }
  }
  const auto zero = top_eigenpairs(dense(Matrix::Zero(80, 80)), 3, options);
  CHECK(zero[2].value == 0);
  CHECK(zero[2].residual == 0);
  CHECK_THROWS_AS(top_eigenpairs(dense(Matrix::Identity(5, 5)), 6, options), brink::InvalidInput);
  CHECK_THROWS_AS(top_eigenpairs(dense(Matrix::Identity(5, 5)), 0, options), brink::InvalidInput);
}

TEMPLATE_TEST_CASE("sharpness of a problem is that of its dense Hessian", "[curvature][fast]", float, double) {
  const ExampleObjective<TestType> problem(5, 2, 68, 0.05, 11);
  const brink::VectorOf<TestType> theta = brink::VectorOf<TestType>::Constant(68, TestType(0.1));
  const Vector exact =
      brink::symmetric_eigenvalues(problem.dense_hessian(theta.template cast<double>(), problem.all()));
  const auto top = brink::top_curvature<TestType>(problem, theta, problem.all(), 3);
  const double accuracy = std::is_same_v<TestType, float> ? 2e-4 : 1e-9;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(top.values[i].value == Approx(exact[static_cast<Index>(i)]).epsilon(accuracy));
    CHECK(top.values[i].error <= 2 * accuracy * exact[0] + 1e-7);
    CHECK(top.values[i].warnings.empty());
  }
  // A warm start at a point nearby costs less.
  const brink::VectorOf<TestType> nearby = theta.array() + TestType(1e-4);
  const auto cold = brink::top_curvature<TestType>(problem, nearby, problem.all());
  const auto warm = brink::top_curvature<TestType>(problem, nearby, problem.all(), 1, top.vectors);
  CHECK(warm.cost.hessian_products <= cold.cost.hessian_products);
  CHECK(warm.values[0].value == Approx(cold.values[0].value).epsilon(accuracy));
}

TEST_CASE("trace and norm: exact where the sketch holds everything", "[curvature][fast]") {
  Vector values = Vector::Zero(40);
  values.head(3) << 5, 2, -1;
  brink::TraceOptions options;
  options.sketch = 40;
  const Matrix a = with_spectrum(values, 5);
  const auto result = trace_and_norm(dense(a), options);
  CHECK(result.trace.value == Approx(6).epsilon(1e-12));
  CHECK(result.frobenius.value == Approx(std::sqrt(30.0)).epsilon(1e-12));
  const auto whole = trace_and_norm(dense(with_spectrum(Vector::LinSpaced(12, -1, 3), 5)), options);
  CHECK(whole.trace.value == Approx(12).epsilon(1e-12));
  CHECK(whole.trace.kind == brink::ErrorKind::residual);
  CHECK(whole.products == 24);
}

TEST_CASE("trace and norm: the standard error covers, and stops the work", "[curvature][fast]") {
  Vector values(80);
  for (Index i = 0; i < 80; ++i) values[i] = 10.0 / static_cast<double>((i + 1) * (i + 1)) - 0.01;
  const Matrix a = with_spectrum(values, 9);
  const double trace = values.sum();
  const double norm = values.norm();
  for (const Index sketch : {0, 6}) {
    brink::TraceOptions options;
    options.sketch = sketch;
    options.relative_error = 1e-6;  // never reached: a fixed number of vectors, so that coverage is that of a mean
    options.min_probes = options.max_probes = 60;
    int trace_covered = 0;
    int norm_covered = 0;
    for (options.seed = 0; options.seed < 200; ++options.seed) {
      const auto result = trace_and_norm(dense(a), options);
      trace_covered += std::abs(result.trace.value - trace) <= 2 * result.trace.error ? 1 : 0;
      norm_covered += std::abs(result.frobenius.value - norm) <= 2 * result.frobenius.error ? 1 : 0;
      CHECK(result.trace.warnings.size() == 1);
    }
    CAPTURE(sketch, trace_covered, norm_covered);
    CHECK(trace_covered >= 180);  // 95.4% of 200 less 5 binomial standard deviations, and the skew of 60 squares
    CHECK(norm_covered >= 176);
  }
  brink::TraceOptions options;
  options.relative_error = 0.05;
  const auto rough = trace_and_norm(dense(a), options);
  CHECK(rough.trace.error <= 0.05 * rough.trace.value);
  options.relative_error = 0.002;
  CHECK(trace_and_norm(dense(a), options).products > rough.products);
  options.min_probes = 1;
  CHECK_THROWS_AS(trace_and_norm(dense(a), options), brink::InvalidInput);
  options.min_probes = 8;
  CHECK_THROWS_AS(trace_and_norm({3, [](const Vector&, Vector& y) { y.setConstant(NAN); }}, options),
                  brink::InvalidInput);
}

TEST_CASE("spectral density: moments, atoms and mass", "[curvature][fast]") {
  Vector values(60);
  for (Index i = 0; i < 60; ++i) values[i] = i < 20 ? 2.0 : 0.01 * static_cast<double>(i);
  const Matrix a = with_spectrum(values, 2);
  brink::SpectralDensityOptions options;
  options.probes = 40;
  options.lanczos = 60;
  const auto density = spectral_density(dense(a), options);
  CHECK(density.weights.sum() == Approx(1).epsilon(1e-12));
  for (int power = 1; power <= 4; ++power) {
    const double exact = values.array().pow(power).mean();
    const double found = (density.weights.array() * density.nodes.array().pow(power)).sum();
    // Standard deviation of vᵀAᵏv/d over random directions, at most √2·rms/√d, over 40 of them; five of those.
    const double deviation = std::sqrt(2 * values.array().pow(2 * power).mean() / 60 / 40);
    CAPTURE(power, exact, found);
    CHECK(std::abs(found - exact) < 5 * deviation);
  }
  const double spacing = density.at[1] - density.at[0];
  CHECK(density.density.sum() * spacing == Approx(1).epsilon(1e-3));
  CHECK(density.standard_error.maxCoeff() > 0);
  // A third of the eigenvalues are at 2: a node there, in every probe, and their mass.
  double atom = 0;
  for (Index i = 0; i < density.nodes.size(); ++i)
    if (std::abs(density.nodes[i] - 2) < 1e-9) atom += density.weights[i];
  CHECK(atom == Approx(1.0 / 3).margin(5 * std::sqrt(2.0 / 9 / 60 / 40 * 2)));

  const auto identity = spectral_density(dense(3 * Matrix::Identity(30, 30)), options);
  CHECK(identity.products == 40);
  CHECK((identity.nodes.array() - 3).abs().maxCoeff() < 1e-12);
  options.probes = 1;
  CHECK_THROWS_AS(spectral_density(dense(a), options), brink::InvalidInput);
}
