#include "brink/simulation/noise_free.hpp"

#include <lapacke.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "brink/base/error.hpp"

namespace brink {
namespace {

/// The map of one step in the coordinates of the basis, block (s, t) from state t of the filter to state s.
Matrix measure_transition(const Engine& engine) {
  const Matrix basis = engine.state_basis();
  const Index length = basis.rows();
  const Index rank = basis.cols();
  const Index states = engine.state_size() / length;
  RowMatrix images = RowMatrix::Zero(states * rank, engine.state_size());
  for (Index t = 0; t < states; ++t) {
    images.block(t * rank, t * length, rank, length) = basis.transpose();
  }
  for (Index i = 0; i < images.rows(); ++i) engine.advance(0, 0, 1, images.row(i).data());
  Matrix transition(states * rank, states * rank);
  for (Index s = 0; s < states; ++s) {
    transition.middleRows(s * rank, rank).noalias() =
        basis.transpose() * images.middleCols(s * length, length).transpose();
  }
  return transition;
}

bool is_random(const Engine& engine) {
  Vector one(engine.state_size());
  engine.initialize(0, one.data());
  Vector other = one;
  engine.advance(0, 0, 1, one.data());
  engine.advance(1, 1, 1, other.data());
  return one != other;
}

/// Sets of indices that no entry of the matrix connects.
std::vector<std::vector<Index>> independent_modes(const Matrix& a) {
  std::vector<Index> leader(static_cast<std::size_t>(a.rows()));
  std::iota(leader.begin(), leader.end(), Index{0});
  const auto find = [&](Index i) {
    while (leader[static_cast<std::size_t>(i)] != i) {
      Index& up = leader[static_cast<std::size_t>(i)];
      up = leader[static_cast<std::size_t>(up)];
      i = up;
    }
    return i;
  };
  for (Index j = 0; j < a.cols(); ++j) {
    for (Index i = 0; i < a.rows(); ++i) {
      if (a(i, j) != 0) leader[static_cast<std::size_t>(find(i))] = find(j);
    }
  }
  std::vector<std::vector<Index>> modes(static_cast<std::size_t>(a.rows()));
  for (Index i = 0; i < a.rows(); ++i) modes[static_cast<std::size_t>(find(i))].push_back(i);
  return modes;
}

double spectral_radius(Matrix a) {
  const auto size = static_cast<lapack_int>(a.rows());
  Vector real(a.rows());
  Vector imaginary(a.rows());
  // The workspace is ours because its alignment decides which kernels BLAS takes, and so the last bits of the result.
  Vector work(8 * a.rows());
  const lapack_int info =
      LAPACKE_dgeev_work(LAPACK_COL_MAJOR, 'N', 'N', size, a.data(), size, real.data(), imaginary.data(), nullptr, 1,
                         nullptr, 1, work.data(), static_cast<lapack_int>(work.size()));
  if (info != 0) {
    throw NotConverged("deterministic_log_growth: LAPACK dgeev failed with info = " + std::to_string(info));
  }
  return std::sqrt((real.array().square() + imaginary.array().square()).maxCoeff());
}

}  // namespace

double deterministic_log_growth(const Engine& engine) {
  check_argument(!is_random(engine), "deterministic_log_growth", "engine", engine.name(),
                 "a dynamics without noise: full batch");
  const Matrix transition = measure_transition(engine);
  double radius = 0;
  for (const std::vector<Index>& mode : independent_modes(transition)) {
    if (!mode.empty()) radius = std::max(radius, spectral_radius(transition(mode, mode)));
  }
  if (radius == 0) throw NotConverged("deterministic_log_growth: every mode dies in finitely many steps (ln of zero)");
  return std::log(radius);
}

}  // namespace brink
