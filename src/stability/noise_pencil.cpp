#include "brink/stability/noise_pencil.hpp"

#include <fmt/format.h>

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "brink/linalg/packed_symmetric.hpp"

namespace brink {

NoisePencilTop noise_pencil_top(const NoiseOperator& noise, double scale, const Matrix& diagonal,
                                const Vector& curvature) {
  const Index r = curvature.size();
  // C^{-1/2} P C^{-1/2}: symmetric with the same spectrum as C⁻¹ P.
  Matrix root_weight(r, r);
  Matrix weighted_diagonal(r, r);
  for (Index j = 0; j < r; ++j) {
    for (Index i = j; i < r; ++i) {
      const double c = 0.5 * (curvature[i] + curvature[j]);
      root_weight(i, j) = 1 / std::sqrt(c);
      weighted_diagonal(i, j) = diagonal(i, j) / c;
    }
  }
  NoisePencilTop result;
  Matrix x = Matrix::Zero(r, r);
  Matrix weighted = Matrix::Zero(r, r);
  Matrix image = Matrix::Zero(r, r);
  SymmetricOperator op;
  op.dimension = r * (r + 1) / 2;
  op.apply = [&](const Vector& packed, Vector& out) {
    unpack_symmetric(packed, x);
    weighted = x.cwiseProduct(root_weight);
    noise.mean_product(weighted, image);
    image = scale * image.cwiseProduct(root_weight) + weighted_diagonal.cwiseProduct(x);
    pack_symmetric(image, out);
    ++result.products;
  };
  Vector start(op.dimension);
  x.setIdentity();
  pack_symmetric(x, start);
  TopEigenOptions options;
  options.tolerance = 1e-12;
  const TopEigenResult top = top_eigenpair(op, options, start);
  // The operator is symmetric: the eigenvalue is right to the square of the residual, and rounding may keep the
  // residual of a spectrum over many decades from the tolerance.
  if (!top.converged && !(top.residual < 1e-9 * top.value)) {
    throw NotConverged(fmt::format("noise_pencil_top: Lanczos reached a residual of {:.2g} at eigenvalue {:.6g}",
                                   top.residual, top.value));
  }
  result.value = top.value;
  result.residual = top.residual / std::abs(top.value);
  unpack_symmetric(top.vector, x);
  x = x.cwiseProduct(root_weight).eval();
  mirror_lower(x);
  result.mode = x / x.trace();
  return result;
}

}  // namespace brink
