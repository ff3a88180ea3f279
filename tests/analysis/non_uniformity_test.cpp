#include "analysis/non_uniformity.hpp"

#include <Eigen/Eigenvalues>
#include <catch2/catch.hpp>
#include <cmath>

using namespace brink;
using namespace brink::analysis;

TEST_CASE("in one direction the non-uniformity is the standard deviation of the curvature", "[study][fast]") {
  // Curvatures 1, 2, 6: mean 3, variance (4 + 1 + 9)/3, not over 2.
  RowMatrix rows(3, 1);
  rows << 1, std::sqrt(2.0), std::sqrt(6.0);
  CHECK(non_uniformity(LinearizedModel::from_rows(rows, 1, 1e-15)) == Approx(std::sqrt(14.0 / 3)));
  CHECK(non_uniformity(LinearizedModel::from_rows(10 * rows, 1, 1e-15)) == Approx(100 * std::sqrt(14.0 / 3)));
}

TEST_CASE("the non-uniformity is the root of the largest eigenvalue of its definition", "[study][fast]") {
  RowMatrix rows(4, 3);
  rows << 1, 2, 0, -1, 0.5, 3, 0, 1, 1, 2, -2, 0.25;
  Matrix mean = Matrix::Zero(3, 3), square = Matrix::Zero(3, 3);
  for (Index k = 0; k < 4; ++k) {
    const Matrix h = rows.row(k).transpose() * rows.row(k);
    mean += h / 4;
    square += h * h / 4;
  }
  const double largest = Eigen::SelfAdjointEigenSolver<Matrix>(square - mean * mean).eigenvalues().maxCoeff();
  CHECK(non_uniformity(LinearizedModel::from_rows(rows, 1, 1e-15)) == Approx(std::sqrt(largest)).epsilon(1e-10));
}

TEST_CASE("samples of one curvature are uniform", "[study][fast]") {
  RowMatrix rows(4, 2);
  rows << 1, 2, 1, 2, -1, -2, 1, 2;
  CHECK(non_uniformity(LinearizedModel::from_rows(rows, 1, 1e-15)) < 1e-6);
  CHECK(non_uniformity(LinearizedModel::from_rows(rows.topRows(1), 1, 1e-15)) < 1e-6);
}
