// The semidefinite complementarity problem against its closed form and against a solver without projections.

#include "brink/edge/semidefinite_complementarity.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "brink/base/error.hpp"

using namespace brink;

namespace {

Matrix random_symmetric(Index k, std::mt19937& random) {
  std::normal_distribution<double> normal;
  const Matrix a = Matrix::NullaryExpr(k, k, [&](Index, Index) { return normal(random); });
  return a + a.transpose();
}

Matrix random_positive(Index m, std::mt19937& random) {
  std::normal_distribution<double> normal;
  const Matrix a = Matrix::NullaryExpr(m, m + 2, [&](Index, Index) { return normal(random); });
  return a * a.transpose() / static_cast<double>(m);
}

/// min ½⟨X, 𝓑X⟩ + ⟨𝒜, X⟩ over X = VVᵀ by gradient descent on V (Burer–Monteiro with full rank: no local minima that are
/// not global). Slow and independent.
Matrix brute_force(const Matrix& a, const Matrix& b, std::mt19937& random) {
  Matrix v = 0.3 * random_symmetric(a.rows(), random);
  double step = 0.05;
  const auto value = [&](const Matrix& w) {
    const Vector x = to_half_vector(w * w.transpose());
    return 0.5 * x.dot(b * x) + to_half_vector(a).dot(x);
  };
  double now = value(v);
  for (int i = 0; i < 4000 && step > 1e-14; ++i) {
    const Matrix slack = a + from_half_vector(b * to_half_vector(v * v.transpose()));
    const Matrix next = v - step * 2 * slack * v;
    const double then = value(next);
    if (then <= now) {
      v = next;
      now = then;
      step *= 1.1;
    } else {
      step *= 0.5;
    }
  }
  return v * v.transpose();
}

}  // namespace

TEST_CASE("half vectors keep the scalar product", "[fast][edge]") {
  std::mt19937 random(1);
  for (const Index k : {1, 2, 5}) {
    const Matrix a = random_symmetric(k, random);
    const Matrix b = random_symmetric(k, random);
    CHECK(to_half_vector(a).dot(to_half_vector(b)) == Approx(a.cwiseProduct(b).sum()));
    CHECK((from_half_vector(to_half_vector(a)) - a).norm() < 1e-14 * a.norm());
  }
  CHECK_THROWS_AS(from_half_vector(Vector::Ones(4)), InvalidInput);
}

TEST_CASE("one direction at the edge has a closed form", "[fast][edge]") {
  for (const double a : {-3.0, -1e-6, 0.0, 2.0}) {
    const auto solution = solve_complementarity(Matrix::Constant(1, 1, a), Matrix::Constant(1, 1, 0.25));
    CHECK(solution.converged);
    CHECK(solution.x(0, 0) == Approx(std::max(0.0, -4 * a)).margin(1e-14));
  }
}

TEST_CASE("the complementarity problem has the solution of a brute-force search", "[fast][edge]") {
  std::mt19937 random(7);
  int full = 0;
  int part = 0;
  for (const Index k : {2, 3}) {
    for (int repeat = 0; repeat < 3; ++repeat) {
      const Matrix a = random_symmetric(k, random) - 0.5 * repeat * Matrix::Identity(k, k);
      const Matrix b = random_positive(k * (k + 1) / 2, random);
      const auto solution = solve_complementarity(a, b);
      CAPTURE(k, repeat, solution.iterations);
      REQUIRE(solution.converged);
      CHECK(solution.infeasible < 1e-8);
      CHECK(solution.gap < 1e-8);
      const Matrix reference = brute_force(a, b, random);
      const double value =
          0.5 * to_half_vector(solution.x).dot(b * to_half_vector(solution.x)) + a.cwiseProduct(solution.x).sum();
      const double other =
          0.5 * to_half_vector(reference).dot(b * to_half_vector(reference)) + a.cwiseProduct(reference).sum();
      CHECK(value <= other + 1e-9 * (1 + std::abs(other)));
      CHECK((solution.x - reference).norm() <= 1e-3 * (1 + reference.norm()));
      CHECK((positive_part(solution.x) - solution.x).norm() <= 1e-12 * (1 + solution.x.norm()));
      // The certificate holds: another start ends within the bounds of both.
      const auto again = solve_complementarity(a, b, 10 * Matrix::Identity(k, k), {1e-6, 20000});
      CHECK((again.x - solution.x).norm() <= again.error_bound + solution.error_bound);
      const bool singular =
          (solution.x - solution.x.trace() * Matrix::Identity(k, k) / double(k)).norm() > 0.9 * solution.x.norm();
      ++(singular ? part : full);
    }
  }
  INFO(full << " and " << part);
  CHECK(full + part == 6);
}

TEST_CASE("complementarity that cannot be had is not claimed", "[fast][edge]") {
  // 𝓑 = 0 with 𝒜 indefinite has no solution; with 𝒜 ⪰ 0 it is 0.
  const Matrix none = solve_complementarity(Matrix::Identity(2, 2), Matrix::Zero(3, 3)).x;
  CHECK(none.norm() == 0);
  CHECK_FALSE(solve_complementarity(-Matrix::Identity(2, 2), Matrix::Zero(3, 3)).converged);
  // 𝓑 blind to one direction that 𝒜 wants.
  Matrix b = Matrix::Zero(3, 3);
  b(0, 0) = 1;
  const auto open = solve_complementarity(-Matrix::Identity(2, 2), b, {}, {1e-10, 200});
  CHECK_FALSE(open.converged);
  CHECK(std::isinf(open.error_bound));
  CHECK_THROWS_AS(solve_complementarity(Matrix::Identity(2, 2), Matrix::Identity(2, 2)), InvalidInput);
  CHECK_THROWS_AS(solve_complementarity(Matrix::Identity(2, 2), -Matrix::Identity(3, 3)), InvalidInput);
  Matrix broken = Matrix::Identity(2, 2);
  broken(0, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(solve_complementarity(broken, Matrix::Identity(3, 3)), InvalidInput);
}
