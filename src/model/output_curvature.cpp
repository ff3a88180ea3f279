#include "output_curvature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"

namespace brink {

void check_loss_scale(double loss_scale, std::string_view function) {
  check_argument(loss_scale > 0 && std::isfinite(loss_scale), function, "loss_scale", loss_scale,
                 "a finite number > 0");
}

RowMatrix factor_output_curvature(const RowMatrix& curvature, Index rows, Index outputs, double input_epsilon) {
  constexpr std::string_view function = "output curvature";
  if (curvature.rows() != rows || curvature.cols() != outputs) {
    fail_argument(function, "shape", fmt::format("{} x {}", curvature.rows(), curvature.cols()),
                  fmt::format("{} x {} (one c x c block a sample)", rows, outputs));
  }
  check_argument(curvature.allFinite(), function, "entries", "not finite", "finite numbers");
  const Index samples = rows / outputs;
  std::vector<SymmetricEigen> eigen;
  double scale = 0;
  for (Index k = 0; k < samples; ++k) {
    const auto block = curvature.middleRows(k * outputs, outputs);
    eigen.push_back(symmetric_eigen(0.5 * (block + block.transpose())));
    scale = std::max(scale, eigen.back().values.cwiseAbs().maxCoeff());
  }
  const double tolerance = static_cast<double>(outputs) * input_epsilon * scale;
  RowMatrix factor(rows, outputs);
  for (Index k = 0; k < samples; ++k) {
    const auto block = curvature.middleRows(k * outputs, outputs);
    const auto& [values, vectors, residual] = eigen[static_cast<std::size_t>(k)];
    const double asymmetry = (block - block.transpose()).cwiseAbs().maxCoeff();
    if (asymmetry > tolerance) {
      fail_argument(function, fmt::format("asymmetry of sample {}", k), fmt::format("{:.6g}", asymmetry),
                    fmt::format("at most c*eps*max|S_k| = {:.3g}", tolerance));
    }
    if (-values[outputs - 1] > tolerance) {
      fail_argument(function, fmt::format("smallest eigenvalue of sample {}", k),
                    fmt::format("{:.12g}", values[outputs - 1]),
                    fmt::format("a positive semidefinite matrix (at least -c*eps*max|S_k| = -{:.3g})", tolerance));
    }
    factor.middleRows(k * outputs, outputs) = values.cwiseMax(0).cwiseSqrt().asDiagonal() * vectors.transpose();
  }
  return factor;
}

}  // namespace brink
