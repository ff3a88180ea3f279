#pragma once
// ‖x‖ without overflow or underflow of the squares. (Eigen's stableNorm assumes vectors aligned to whole packets of the
// widest registers, which EIGEN_MAX_ALIGN_BYTES does not promise on processors with narrower ones.)

#include <cmath>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// Not finite where x is not.
template <class Derived>
[[nodiscard]] double scaled_norm(const Eigen::MatrixBase<Derived>& x) {
  if (x.size() == 0) return 0;
  const auto largest = static_cast<double>(x.cwiseAbs().maxCoeff());
  if (!x.allFinite() || !(largest > 0)) return static_cast<double>(x.norm());
  return largest * (x.template cast<double>() / largest).norm();
}

}  // namespace brink
