#include "brink/linalg/symmetric_eigen.hpp"

#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"

namespace brink {
namespace {

void check_symmetric_input(const Matrix& a) {
  if (a.rows() == 0 || a.rows() != a.cols()) {
    fail_argument("symmetric_eigen", "shape", fmt::format("{} x {}", a.rows(), a.cols()), "a square matrix");
  }
  check_argument(a.allFinite(), "symmetric_eigen", "entries", "not finite", "finite numbers");
}

Vector decompose(Matrix& a, char job) {
  Vector ascending(a.rows());
  const auto n = static_cast<lapack_int>(a.rows());
  // The workspace is ours because its alignment decides which kernels BLAS takes, and so the last bits of the result.
  double optimal_work = 0;
  lapack_int optimal_integer_work = 0;
  LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', n, a.data(), n, ascending.data(), &optimal_work, -1,
                      &optimal_integer_work, -1);
  Vector work(static_cast<Index>(optimal_work));
  Eigen::Matrix<lapack_int, Eigen::Dynamic, 1> integer_work(optimal_integer_work);
  const lapack_int info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', n, a.data(), n, ascending.data(), work.data(),
                                              static_cast<lapack_int>(work.size()), integer_work.data(),
                                              static_cast<lapack_int>(integer_work.size()));
  if (info != 0) {
    throw NotConverged(fmt::format("symmetric_eigen: LAPACK dsyevd stopped with info = {} at dimension {}", info, n));
  }
  return ascending;
}

/// The largest relative defect of A ω = V Λ Vᵀ ω and Vᵀ V ω = ω over a few fixed, pseudo-random vectors: O(d²).
double probe_residual(const Matrix& lower, const SymmetricEigen& eigen) {
  const Index d = lower.rows();
  const double scale = std::max(eigen.values.cwiseAbs().maxCoeff(), std::numeric_limits<double>::min());
  double worst = 0;
  Vector probe(d);
  for (int trial = 0; trial < 3; ++trial) {
    // A Weyl sequence is enough here: it only must not be special for A.
    for (Index i = 0; i < d; ++i) {
      const double phase = static_cast<double>(i + 1) * (0.6180339887498949 + trial * 0.2360679774997896);
      probe[i] = phase - std::floor(phase) - 0.5;
    }
    probe.normalize();
    const Vector coordinates = eigen.vectors.transpose() * probe;
    const Vector defect =
        lower.selfadjointView<Eigen::Lower>() * probe - eigen.vectors * eigen.values.cwiseProduct(coordinates);
    worst = std::max({worst, defect.norm() / scale, (eigen.vectors * coordinates - probe).norm()});
  }
  return worst;
}

}  // namespace

SymmetricEigen symmetric_eigen(const Matrix& a) {
  check_symmetric_input(a);
  constexpr Index kLargest = 32766;  // LAPACK counts the 1 + 6d + 2d² numbers that it works with in 32 bits
  check_argument(a.rows() <= kLargest, "symmetric_eigen", "dimension", a.rows(), "at most 32766, as LAPACK can count");
  SymmetricEigen result;
  result.vectors = a;
  result.values = decompose(result.vectors, 'V').reverse();
  result.vectors = result.vectors.rowwise().reverse().eval();
  result.residual = probe_residual(a, result);
  return result;
}

Vector symmetric_eigenvalues(const Matrix& a) {
  check_symmetric_input(a);
  Matrix work = a;
  return decompose(work, 'N').reverse();
}

bool is_positive_semidefinite(Matrix lower, double tolerance) {
  const double shift = tolerance * lower.diagonal().cwiseAbs().sum();
  lower.diagonal().array() += shift;
  const auto r = static_cast<lapack_int>(lower.rows());
  return LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', r, lower.data(), r) == 0;
}

}  // namespace brink
