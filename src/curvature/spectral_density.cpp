#include "brink/curvature/spectral_density.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

struct Quadrature {
  Vector nodes;
  Vector weights;
};

/// The Gauss quadrature of the spectral measure of a random vector.
Quadrature lanczos_quadrature(const SymmetricOperator& op, const SpectralDensityOptions& options, Index probe,
                              Index& products) {
  const Index d = op.dimension;
  const Index steps = std::min(options.lanczos, d);
  Philox random(options.seed, Purpose::probe, static_cast<std::uint32_t>(probe), 1);
  Matrix basis(d, steps);
  basis.col(0) = Vector::NullaryExpr(d, [&random](Index) { return random.normal(); }).normalized();
  Matrix tridiagonal = Matrix::Zero(steps, steps);
  Index size = steps;
  Vector next(d);
  double scale = 0;
  for (Index j = 0; j < steps; ++j) {
    op.apply(basis.col(j), next);
    check_argument(next.allFinite(), "spectral_density", "operator product", "not finite", "finite numbers");
    ++products;
    tridiagonal(j, j) = basis.col(j).dot(next);
    scale = std::max(scale, next.norm());
    for (int pass = 0; pass < 2; ++pass) next -= basis.leftCols(j + 1) * (basis.leftCols(j + 1).transpose() * next);
    const double beta = next.norm();
    if (j + 1 == steps) break;
    if (!(beta > 1e-12 * scale)) {  // the vector lies in an invariant subspace, of which this is all
      size = j + 1;
      break;
    }
    tridiagonal(j + 1, j) = tridiagonal(j, j + 1) = beta;
    basis.col(j + 1) = next / beta;
  }
  const SymmetricEigen eigen = symmetric_eigen(tridiagonal.topLeftCorner(size, size));
  return {eigen.values, eigen.vectors.row(0).transpose().cwiseAbs2()};
}

}  // namespace

SpectralDensity spectral_density(const SymmetricOperator& op, const SpectralDensityOptions& options) {
  check_argument(op.dimension >= 1, "spectral_density", "dimension", op.dimension, "an integer >= 1");
  check_argument(options.probes >= 2, "spectral_density", "probes", options.probes, "an integer >= 2");
  check_argument(options.lanczos >= 1, "spectral_density", "lanczos", options.lanczos, "an integer >= 1");
  check_argument(options.points >= 2, "spectral_density", "points", options.points, "an integer >= 2");
  check_argument(options.broadening >= 0, "spectral_density", "broadening", options.broadening, "a number >= 0");
  SpectralDensity result;
  std::vector<Quadrature> quadratures;
  Index total = 0;
  for (Index probe = 0; probe < options.probes; ++probe) {
    quadratures.push_back(lanczos_quadrature(op, options, probe, result.products));
    total += quadratures.back().nodes.size();
  }

  std::vector<std::pair<double, double>> nodes;
  nodes.reserve(static_cast<std::size_t>(total));
  for (const auto& quadrature : quadratures)
    for (Index i = 0; i < quadrature.nodes.size(); ++i)
      nodes.emplace_back(quadrature.nodes[i], quadrature.weights[i] / static_cast<double>(options.probes));
  std::sort(nodes.begin(), nodes.end());
  result.nodes.resize(total);
  result.weights.resize(total);
  for (Index i = 0; i < total; ++i) std::tie(result.nodes[i], result.weights[i]) = nodes[static_cast<std::size_t>(i)];

  const double low = result.nodes[0];
  const double high = result.nodes[total - 1];
  const double range = high > low ? high - low : std::max(std::abs(high), 1e-300);
  result.broadening = options.broadening > 0 ? options.broadening : 0.01 * range;
  const double sigma = result.broadening;
  result.at = Vector::LinSpaced(options.points, low - 4 * sigma, high + 4 * sigma);
  Matrix curves = Matrix::Zero(options.points, options.probes);
  for (Index probe = 0; probe < options.probes; ++probe) {
    const auto& quadrature = quadratures[static_cast<std::size_t>(probe)];
    for (Index i = 0; i < quadrature.nodes.size(); ++i)
      curves.col(probe).array() += quadrature.weights[i] / (sigma * std::sqrt(2 * std::numbers::pi)) *
                                   (-0.5 * ((result.at.array() - quadrature.nodes[i]) / sigma).square()).exp();
  }
  result.density = curves.rowwise().mean();
  const auto probes = static_cast<double>(options.probes);
  result.standard_error =
      ((curves.colwise() - result.density).rowwise().squaredNorm() / (probes * (probes - 1))).cwiseSqrt();
  return result;
}

}  // namespace brink
