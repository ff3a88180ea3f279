#include "oracle/dense.hpp"

#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace oracle {

namespace {

void require(lapack_int info, const char* routine) {
  if (info != 0) throw std::runtime_error(std::string(routine) + ": info = " + std::to_string(info));
}

}  // namespace

Matrix kronecker(const Matrix& a, const Matrix& b) {
  Matrix product(a.rows() * b.rows(), a.cols() * b.cols());
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    for (Eigen::Index j = 0; j < a.cols(); ++j)
      for (Eigen::Index k = 0; k < b.rows(); ++k)
        for (Eigen::Index l = 0; l < b.cols(); ++l) product(i * b.rows() + k, j * b.cols() + l) = a(i, j) * b(k, l);
  return product;
}

std::vector<std::complex<double>> eigenvalues(const Matrix& a) {
  const auto size = static_cast<lapack_int>(a.rows());
  Matrix work = a;
  Vector real(size), imaginary(size);
  require(LAPACKE_dgeev(LAPACK_COL_MAJOR, 'N', 'N', size, work.data(), size, real.data(), imaginary.data(), nullptr, 1,
                        nullptr, 1),
          "dgeev");
  std::vector<std::complex<double>> values;
  for (lapack_int i = 0; i < size; ++i) values.emplace_back(real[i], imaginary[i]);
  return values;
}

double spectral_radius(const Matrix& a) {
  double radius = 0;
  for (const auto& value : eigenvalues(a)) radius = std::max(radius, std::abs(value));
  return radius;
}

Vector solve(const Matrix& a, const Vector& b) {
  const auto size = static_cast<lapack_int>(a.rows());
  Matrix work = a;
  Vector x = b;
  std::vector<lapack_int> pivots(static_cast<std::size_t>(size));
  require(LAPACKE_dgesv(LAPACK_COL_MAJOR, size, 1, work.data(), size, pivots.data(), x.data(), size), "dgesv");
  return x;
}

Vector symmetric_eigenvalues(const Matrix& a) {
  const auto size = static_cast<lapack_int>(a.rows());
  Matrix work = a;
  Vector values(size);
  require(LAPACKE_dsyev(LAPACK_COL_MAJOR, 'N', 'L', size, work.data(), size, values.data()), "dsyev");
  return values;
}

Vector pencil_eigenvalues(const Matrix& a, const Matrix& b) {
  const auto size = static_cast<lapack_int>(a.rows());
  Matrix left = a, right = b;
  Vector values(size);
  require(LAPACKE_dsygv(LAPACK_COL_MAJOR, 1, 'N', 'L', size, left.data(), size, right.data(), size, values.data()),
          "dsygv");
  return values;
}

Matrix symmetric_basis(int m) {
  Matrix basis = Matrix::Zero(m * m, m * (m + 1) / 2);
  int column = 0;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j <= i; ++j, ++column) {
      const double entry = i == j ? 1.0 : std::sqrt(0.5);
      basis(i * m + j, column) = entry;
      basis(j * m + i, column) = entry;
    }
  }
  return basis;
}

}  // namespace oracle
