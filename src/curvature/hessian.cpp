#include "brink/curvature/hessian.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "brink/base/error.hpp"

namespace brink {

template <class Real>
TopCurvature top_curvature(const Objective<Real>& objective, const VectorOf<Real>& theta, const Batch& batch,
                           Index count, const std::vector<Vector>& starts, double tolerance, std::uint64_t seed) {
  check_argument(theta.size() == objective.parameters(), "top_curvature", "size of theta", theta.size(),
                 fmt::format("{}, the number of parameters", objective.parameters()));
  TopEigenOptions options;
  options.tolerance = tolerance > 0 ? tolerance : std::is_same_v<Real, float> ? 2e-4 : 1e-8;
  options.seed = seed;
  HessianOperator<Real> hessian(objective, theta, batch);
  const auto pairs = top_eigenpairs(hessian.as_operator(), count, options, starts);

  TopCurvature result;
  double scale = 0;
  for (const auto& pair : pairs) scale = std::max(scale, std::abs(pair.value));
  for (const auto& pair : pairs) {
    Estimate value{pair.value, pair.residual, ErrorKind::residual, "Lanczos with deflation", {}};
    if (!pair.converged)
      value.warnings.push_back(
          fmt::format("residual {:.2g} above the tolerance {:.2g}", pair.residual, options.tolerance * scale));
    result.values.push_back(std::move(value));
    result.vectors.push_back(pair.vector);
  }
  result.cost.hessian_products = static_cast<double>(hessian.products()) * static_cast<double>(batch.samples.size()) /
                                 static_cast<double>(objective.samples());
  return result;
}

template TopCurvature top_curvature(const Objective<float>&, const VectorOf<float>&, const Batch&, Index,
                                    const std::vector<Vector>&, double, std::uint64_t);
template TopCurvature top_curvature(const Objective<double>&, const VectorOf<double>&, const Batch&, Index,
                                    const std::vector<Vector>&, double, std::uint64_t);

}  // namespace brink
