// Small dense systems and bases: residuals.

#include "brink/linalg/small_dense.hpp"

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "oracle/random.hpp"

using brink::Matrix;
using brink::Vector;

TEST_CASE("dense systems are solved to rounding, real and complex", "[fast][linalg]") {
  oracle::Random random(31);
  for (const int d : {1, 2, 4, 9}) {
    const Matrix a = random.normals(d, d);
    const Vector b = random.normals(d, 1);
    CHECK((a * brink::solve(a, b) - b).norm() <= 1e-11 * b.norm());
    const Eigen::MatrixXcd complex_a =
        a.cast<std::complex<double>>() + std::complex<double>(0, 1) * random.normals(d, d);
    const Eigen::VectorXcd complex_b = std::complex<double>(0, 2) * b.cast<std::complex<double>>();
    CHECK((complex_a * brink::solve(complex_a, complex_b) - complex_b).norm() <= 1e-11 * complex_b.norm());
  }
  CHECK_THROWS_AS(brink::solve(Matrix(Matrix::Zero(2, 2)), Vector(Vector::Ones(2))), brink::NotConverged);
}

TEST_CASE("an orthonormal basis is orthonormal and spans the columns", "[fast][linalg]") {
  oracle::Random random(32);
  const Matrix a = random.normals(11, 4);
  const Matrix q = brink::orthonormal_columns(a);
  REQUIRE(q.cols() == 4);
  CHECK((q.transpose() * q - Matrix::Identity(4, 4)).norm() <= 1e-14);
  CHECK((q * (q.transpose() * a) - a).norm() <= 1e-14 * a.norm());
}
