#include "brink/linalg/spectral_radius.hpp"

#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "brink/base/error.hpp"

namespace brink {

SpectralRadius spectral_radius(Matrix a) {
  check_argument(a.rows() == a.cols() && a.rows() > 0, "spectral_radius", "a", a.rows(), "a square matrix");
  check_argument(a.allFinite(), "spectral_radius", "a", "not finite", "finite entries");
  const auto size = static_cast<lapack_int>(a.rows());
  Vector real(a.rows());
  Vector imaginary(a.rows());
  Vector scale(a.rows());
  Vector condition(a.rows());
  Vector separation(a.rows());
  Matrix left(a.rows(), a.rows());
  Matrix right(a.rows(), a.rows());
  lapack_int low = 0;
  lapack_int high = 0;
  double norm = 0;
  // The workspace is ours because its alignment decides which kernels BLAS takes, and so the last bits of the result.
  Vector work(34 * a.rows());
  std::vector<lapack_int> integers(static_cast<std::size_t>(2 * a.rows()));
  const lapack_int info =
      LAPACKE_dgeevx_work(LAPACK_COL_MAJOR, 'B', 'V', 'V', 'E', size, a.data(), size, real.data(), imaginary.data(),
                          left.data(), size, right.data(), size, &low, &high, scale.data(), &norm, condition.data(),
                          separation.data(), work.data(), static_cast<lapack_int>(work.size()), integers.data());
  if (info != 0) throw NotConverged("spectral_radius: LAPACK dgeevx failed with info = " + std::to_string(info));
  Index largest = 0;
  const double value = (real.array().square() + imaginary.array().square()).maxCoeff(&largest);
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  return {std::sqrt(value), norm * epsilon / std::max(condition[largest], epsilon)};
}

}  // namespace brink
