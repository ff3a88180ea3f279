#include "brink/stability/lifted_covariance.hpp"

#include <Eigen/LU>
#include <cmath>
#include <vector>

namespace brink {

Matrix lifted_covariance(const UpdateRule& rule, const Vector& spectrum, double eta, double log_growth,
                         const Matrix& mode) {
  const Index r = spectrum.size();
  const Index k = rule.states();
  // Where the growth is that of one mode without noise, ρI − A⊗A is singular there: a hair above it the solution is the
  // same mode, as large as the hair is small.
  const double rho = std::exp(log_growth) * (1 + 1e-9);
  const Vector b = rule.filter(eta).b;
  Vector source(k * k);
  for (Index i = 0; i < k; ++i) source.segment(i * k, k) = b[i] * b;
  std::vector<Matrix> transitions;
  for (const double curvature : spectrum) transitions.push_back(rule.transition(eta, curvature));

  Matrix lifted(k * r, k * r);
  Matrix kronecker(k * k, k * k);
  for (Index j = 0; j < r; ++j) {
    for (Index i = j; i < r; ++i) {
      for (Index row = 0; row < k; ++row) {
        for (Index col = 0; col < k; ++col) {
          kronecker.block(row * k, col * k, k, k) =
              -transitions[static_cast<std::size_t>(i)](row, col) * transitions[static_cast<std::size_t>(j)];
        }
      }
      kronecker.diagonal().array() += rho;
      // The response to unit noise, row-major in (state of i, state of j); its first entry is S_ij.
      const Vector response = kronecker.partialPivLu().solve(source);
      for (Index row = 0; row < k; ++row) {
        for (Index col = 0; col < k; ++col) {
          const double entry = mode(i, j) * response[row * k + col] / response[0];
          lifted(row * r + i, col * r + j) = entry;
          lifted(col * r + j, row * r + i) = entry;
        }
      }
    }
  }
  return lifted / lifted.trace();
}

}  // namespace brink
