#include "brink/linalg/small_dense.hpp"

#include <fmt/format.h>
#include <lapacke.h>

#include <vector>

#include "brink/base/error.hpp"

namespace brink {
namespace {

lapack_int as_lapack(Index i) { return static_cast<lapack_int>(i); }

void check_info(lapack_int info, const char* function) {
  if (info != 0)
    throw NotConverged(fmt::format("{}: LAPACK stopped with info = {}, need a regular matrix", function, info));
}

lapack_complex_double* raw(std::complex<double>* numbers) { return reinterpret_cast<lapack_complex_double*>(numbers); }

}  // namespace

Vector solve(Matrix a, Vector b) {
  const lapack_int d = as_lapack(a.rows());
  std::vector<lapack_int> pivots(static_cast<std::size_t>(d));
  check_info(LAPACKE_dgesv_work(LAPACK_COL_MAJOR, d, 1, a.data(), d, pivots.data(), b.data(), d), "solve");
  return b;
}

Eigen::VectorXcd solve(Eigen::MatrixXcd a, Eigen::VectorXcd b) {
  const lapack_int d = as_lapack(a.rows());
  std::vector<lapack_int> pivots(static_cast<std::size_t>(d));
  check_info(LAPACKE_zgesv_work(LAPACK_COL_MAJOR, d, 1, raw(a.data()), d, pivots.data(), raw(b.data()), d), "solve");
  return b;
}

Matrix orthonormal_columns(Matrix a) {
  const lapack_int m = as_lapack(a.rows());
  const lapack_int d = as_lapack(a.cols());
  Vector scales(a.cols());
  check_info(LAPACKE_dgeqrf(LAPACK_COL_MAJOR, m, d, a.data(), m, scales.data()), "orthonormal_columns");
  check_info(LAPACKE_dorgqr(LAPACK_COL_MAJOR, m, d, d, a.data(), m, scales.data()), "orthonormal_columns");
  return a;
}

}  // namespace brink
